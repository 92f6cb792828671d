/**
 * A place in the journal, out of its cursor: `s=…;i=…;b=…;m=…;t=…;x=…`, each value hexadecimal. systemd calls
 * the cursor opaque, and has written it so since 2012 (sd_journal_get_cursor, sd-journal.c).
 */
export interface JournalPosition {
  /** The cursor as journalctl wrote it. */
  readonly cursor: string;
  readonly boot: string;
  /** Since that boot, in microseconds. */
  readonly monotonic: number;
  /** Wall-clock time, in microseconds since the epoch. */
  readonly realtime: number;
  /** A hash of the entry's content. */
  readonly hash: string;
}

const form = /^(?:[a-z]=[\da-f]{1,32};){1,15}[a-z]=[\da-f]{1,32}$/;

export function isJournalCursor(text: string): boolean {
  return form.test(text);
}

/** Reads a cursor, stored or fresh; anything else (null, another form) is null. */
export function parseJournalCursor(cursor: string | null): JournalPosition | null {
  if (cursor === null || !isJournalCursor(cursor)) return null;
  const values = new Map(cursor.split(';').map((part) => [part.slice(0, 1), part.slice(2)]));
  const number = (key: string): number => Number.parseInt(values.get(key) ?? '', 16);
  const [boot, hash] = [values.get('b'), values.get('x')];
  const [monotonic, realtime] = [number('m'), number('t')];
  if (boot === undefined || hash === undefined || Number.isNaN(monotonic + realtime)) return null;
  return { cursor, boot, monotonic, realtime, hash };
}

/**
 * Whether two cursors mean one entry. When journald moves its volatile journal to the disk, entries are
 * numbered anew (journald-server.c, server_flush_to_var): `s` and `i` say nothing here.
 */
export function isSameEntry(a: JournalPosition, b: JournalPosition): boolean {
  return isNotLater(a, b) && isNotLater(b, a) && a.hash === b.hash;
}

/** Whether `a` was certainly written no later than `b`. */
export function isNotLater(a: JournalPosition, b: JournalPosition): boolean {
  return a.boot === b.boot && a.monotonic <= b.monotonic && a.realtime <= b.realtime;
}
