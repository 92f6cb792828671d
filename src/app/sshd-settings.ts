import { join } from 'node:path';
import { parseDuration } from '../core/duration.ts';
import { namesIn, readBounded } from '../host/bounded-file.ts';
import { parseSshdLines } from '../host/sshd-lines.ts';

export interface SshdSettings {
  readonly ports: readonly number[];
  /** Seconds after which sshd ends a connection without a login; Infinity: never. */
  readonly graceSeconds: number;
}

const usualPort = 22;
/** sshd_config(5), LoginGraceTime. */
const usualGraceSeconds = 120;

const largestFile = 1_048_576;
const mostFiles = 100;

/**
 * The host's sshd_config(5), as far as it concerns how old a connection without a login can be. Where it
 * cannot be read (in a container) nobody knows, and age proves nothing: a silent attacker must not become a peer.
 * Of several grace times the longest is taken: too long is safe.
 */
export function readSshdSettings(root: string): SshdSettings {
  const directory = join(root, 'etc/ssh');
  const parts = join(directory, 'sshd_config.d');
  const paths = namesIn(parts, /\.conf$/, mostFiles).map((name) => join(parts, name));
  const ports = new Set<number>();
  const main = join(directory, 'sshd_config');
  let graceSeconds = readBounded(main, largestFile) === null ? Number.POSITIVE_INFINITY : usualGraceSeconds;
  for (const path of [main, ...paths]) {
    const text = readBounded(path, largestFile)?.toString('utf8') ?? '';
    for (const { keyword, values } of parseSshdLines(text)) {
      const [value = ''] = values;
      const port = portOf(keyword, value);
      if (port >= 1 && port <= 65_535) ports.add(port);
      if (keyword === 'logingracetime') graceSeconds = Math.max(graceSeconds, graceOf(value));
    }
  }
  return { ports: ports.size === 0 ? [usualPort] : [...ports], graceSeconds };
}

function portOf(keyword: string, value: string): number {
  if (keyword === 'port') return Number(value);
  if (keyword !== 'listenaddress') return 0;
  return Number(/^(?:\[[^\]]*\]|[^:]*):(\d+)$/.exec(value)?.[1] ?? 0);
}

function graceOf(value: string): number {
  try {
    // 0 is no limit, and so is what cannot be read.
    return parseDuration(value) || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
