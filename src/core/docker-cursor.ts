/**
 * How far a container's log was judged: the timestamp of the last frame as Docker wrote it (a JS
 * number is too coarse for nanoseconds), and its ordinal among frames of the same timestamp.
 */
export interface DockerCursor {
  readonly timestamp: string;
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

/** The `since` of Docker's log API for a cursor: `seconds.nanoseconds`, inclusive. Null: there is no cursor. */
export function sinceOf(text: string | null): string | null {
  const timestamp = parseDockerCursor(text)?.timestamp;
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(timestamp ?? '');
  if (match === null) return null;
  return `${Date.parse(`${match[1]}Z`) / 1000}.${(match[2] ?? '').padEnd(9, '0')}`;
}
