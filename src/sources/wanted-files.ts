import { realpathSync } from 'node:fs';
import type { JailConfiguration } from '../config/schema.ts';
import type { Encoding } from '../core/types.ts';

/** A file to be read, and for whom. One file is read once, however many jails judge it. */
export interface WantedFile {
  /** `file:PATH`; where jails want other encodings of it too, with that of this one behind. */
  readonly id: string;
  readonly path: string;
  readonly encoding: Encoding;
  readonly jails: readonly JailConfiguration[];
}

/** What the patterns match now. */
export type Matches = ReadonlyMap<string, readonly string[]>;

/** The files of all jails. */
export function wantedFiles(jails: readonly JailConfiguration[], matches: Matches): WantedFile[] {
  const byPath = new Map<string, Map<Encoding, JailConfiguration[]>>();
  for (const jail of jails) {
    for (const path of distinct(jail.logpath.flatMap((each) => matches.get(each) ?? [each]))) {
      const encodings = byPath.get(path) ?? new Map<Encoding, JailConfiguration[]>();
      byPath.set(path, encodings.set(jail.encoding, [...(encodings.get(jail.encoding) ?? []), jail]));
    }
  }
  return [...byPath].flatMap(([path, encodings]) =>
    [...encodings].map(([encoding, wanting]) => {
      const id = encodings.size === 1 ? `file:${path}` : `file:${path} (${encoding})`;
      return { id, path, encoding, jails: wanting };
    }),
  );
}

/** Each file once: a link is left out where the file that it leads to is read itself, or through another link. */
function distinct(paths: readonly string[]): string[] {
  const all = new Set(paths);
  if (all.size < 2) return [...all];
  const targets = new Set<string>();
  return [...all].filter((path) => {
    const target = targetOf(path);
    if (target !== path && (all.has(target) || targets.has(target))) return false;
    targets.add(target);
    return true;
  });
}

function targetOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
