/**
 * How far a container's log was judged. Messages do not come in the order of their times, but always in
 * the same order: see scan/docker-frames.ts.
 */
export interface DockerCursor {
  /** The latest timestamp judged, as Docker wrote it: a JS number is too coarse for nanoseconds. */
  readonly timestamp: string;
  /** Messages judged from the first one of this timestamp on, whatever their own. */
  readonly ordinal: number;
}

export function formatDockerCursor(cursor: DockerCursor): string {
  return JSON.stringify(cursor);
}

/** Reads a stored cursor; anything else (null, an older form) is null: begin again. */
export function parseDockerCursor(text: string | null): DockerCursor | null {
  if (text === null) return null;
  try {
    const { timestamp, ordinal } = JSON.parse(text) as Partial<DockerCursor>;
    return typeof timestamp === 'string' && typeof ordinal === 'number' ? { timestamp, ordinal } : null;
  } catch {
    return null;
  }
}

/** Two streams of one container are stamped apart: a message may stand behind one that is this much younger, in seconds. */
const disorder = 2;

/**
 * The `since` of Docker's log API for a cursor: `seconds.nanoseconds`, inclusive. A little earlier than the
 * cursor, since engines before 23.0 leave out every message older than `since`, also one that stands behind
 * the cursor; what was judged is dropped again. Null: there is no cursor.
 */
export function sinceOf(text: string | null): string | null {
  const at = nanosecondsOf(parseDockerCursor(text)?.timestamp ?? '');
  if (at === null) return null;
  const since = at - BigInt(disorder) * 1_000_000_000n;
  return `${since / 1_000_000_000n}.${String(since % 1_000_000_000n).padStart(9, '0')}`;
}

/** Nanoseconds since the epoch of a timestamp as Docker writes it; null: it is none. */
export function nanosecondsOf(timestamp: string): bigint | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(timestamp);
  const ms = Date.parse(`${match?.[1]}Z`);
  if (match === null || Number.isNaN(ms)) return null;
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
