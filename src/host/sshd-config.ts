import { globSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readBounded } from './bounded-file.ts';
import { parseSshdLines, type SshdLine } from './sshd-lines.ts';

/** A setting where it stands, in the order in which sshd reads. */
export interface SshdSetting extends SshdLine {
  /** On the host. */
  readonly path: string;
  /** Whom it is for: the criteria of its Match blocks. null: everybody. */
  readonly match: string | null;
}

const directory = '/etc/ssh';
const usualPath = '/etc/ssh/sshd_config';
const largestFile = 1_048_576;
/** As sshd has it (SERVCONF_MAX_DEPTH in its servconf.c). */
const deepest = 16;
const mostFiles = 256;

/**
 * The settings of the sshd whose host's file system is at `root`, what Include names put in its place; null where
 * sshd_config cannot be read. Of a keyword the first setting counts, but those that may stand several times.
 */
export function readSshdConfig(root: string, path = usualPath): readonly SshdSetting[] | null {
  const reader = { root, settings: [] as SshdSetting[], files: 0 };
  return readFile(reader, path, null, 0) ? reader.settings : null;
}

interface Reader {
  readonly root: string;
  readonly settings: SshdSetting[];
  files: number;
}

function readFile(reader: Reader, path: string, outer: string | null, depth: number): boolean {
  const bytes = readBounded(join(reader.root, path), largestFile);
  reader.files += 1;
  if (bytes === null) return false;
  // A Match ends with its file.
  let match = outer;
  for (const each of parseSshdLines(bytes.toString('utf8'))) {
    if (each.keyword === 'match') match = bothOf(outer, criteriaOf(each.values));
    else if (each.keyword !== 'include') reader.settings.push({ ...each, path, match });
    else if (depth < deepest) {
      for (const included of pathsOf(reader.root, each.values)) {
        if (reader.files < mostFiles) readFile(reader, included, match, depth + 1);
      }
    }
  }
  return true;
}

/** null: `Match all` is everybody again. */
function criteriaOf(values: readonly string[]): string | null {
  return values.length === 1 && values[0]?.toLowerCase() === 'all' ? null : values.join(' ');
}

function bothOf(outer: string | null, inner: string | null): string | null {
  return outer === null || inner === null ? (outer ?? inner) : `${outer} ${inner}`;
}

/** Each pattern's files in the order of glob(7), whose asterisk matches no leading dot. */
function pathsOf(root: string, patterns: readonly string[]): string[] {
  return patterns.flatMap((written) => {
    const pattern = resolve(directory, written);
    const hidden = basename(pattern).startsWith('.');
    return globSync(pattern.slice(1), { cwd: root })
      .filter((found) => hidden || !basename(found).startsWith('.'))
      .sort()
      .map((found) => `/${found}`);
  });
}
