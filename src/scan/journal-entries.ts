import {
  isJournalCursor,
  isNotLater,
  isSameEntry,
  type JournalPosition,
  parseJournalCursor,
} from '../core/journal-cursor.ts';
import { ExportFields } from './export-fields.ts';
import { lineCap } from './line-length.ts';

/** Takes a whole line, ended by a newline, and the time of its entry in seconds. */
export type TakeLine = (line: Buffer, time: number | null) => void;

/** What is kept of a host's, a program's name. */
const longestName = 256;
const space = 0x20;

const lost =
  'entries may be missing: the journal no longer holds the one that was judged last (removed, or another journal)';

/**
 * Reads entries as `journalctl --output=export` prints them. Each becomes one line as syslog writes it in a file,
 * without the date: `HOST IDENTIFIER[PID]: MESSAGE`; one for each message where it has several. Line ends in a
 * message become spaces: what a program logs at once is judged at once, and cannot pass for another entry.
 *
 * journalctl is started at the last entry judged, so that this comes first and is dropped; what may stand before
 * it in a journal that was moved is dropped too. Where it does not come, it was removed, and so was perhaps what
 * followed.
 */
export class JournalEntries {
  readonly #fields = new ExportFields();
  #cursor: string;
  /** The entry that was judged last before this stream, while it has not come yet. */
  #resumedAt: JournalPosition | null;
  #entry = new Entry();
  #notice = '';

  constructor(cursor: string | null) {
    this.#resumedAt = parseJournalCursor(cursor);
    this.#cursor = this.#resumedAt?.cursor ?? '';
  }

  /** Of the last entry judged; '' before the first. */
  get cursor(): string {
    return this.#cursor;
  }

  /** What is to be said of the source, once; or ''. */
  takeNotice(): string {
    const notice = this.#notice;
    this.#notice = '';
    return notice;
  }

  /** @throws Error where the bytes cannot be the journal's: the stream must be opened again */
  push(chunk: Buffer, take: TakeLine): void {
    this.#fields.push(chunk, {
      field: (name, value) => this.#entry.set(name, value),
      end: () => this.#end(take),
    });
  }

  /** An entry that is not whole is not judged: it comes again. */
  flush(): void {
    this.#entry = new Entry();
  }

  #end(take: TakeLine): void {
    const entry = this.#entry;
    this.#entry = new Entry();
    const { cursor, time } = entry;
    if (!isJournalCursor(cursor) || time === null)
      throw new Error('this is not the journal: an entry has no cursor, or no time');
    if (this.#resumedAt !== null && this.#wasJudged(cursor, this.#resumedAt)) return;
    this.#cursor = cursor;
    for (const line of entry.lines()) take(line, time);
  }

  #wasJudged(cursor: string, last: JournalPosition): boolean {
    const position = parseJournalCursor(cursor);
    if (position === null) return false;
    const isLast = isSameEntry(position, last);
    if (!isLast && isNotLater(position, last)) return true;
    this.#resumedAt = null;
    if (!isLast) this.#notice = lost;
    return isLast;
  }
}

/** One entry in the making. */
class Entry {
  cursor = '';
  readonly #names = new Map<string, string>();
  readonly #messages: Buffer[] = [];
  #room = lineCap + 1;

  /** Of fields that come more than once (systemd.journal-fields(7)) the first is taken, but of messages all. */
  set(name: string, value: Buffer): void {
    if (name === 'MESSAGE') this.#addMessage(value);
    else if (name === '__CURSOR') this.cursor ||= value.toString('latin1', 0, longestName);
    else if (!this.#names.has(name) && wanted.has(name))
      this.#names.set(name, value.toString('latin1', 0, longestName));
  }

  /** All of an entry's messages together have the length of one line at most. */
  #addMessage(value: Buffer): void {
    if (this.#room === 0) return;
    const message = Buffer.from(value.subarray(0, this.#room));
    this.#room -= message.length;
    this.#messages.push(message);
  }

  lines(): Buffer[] {
    const prefix = Buffer.from(this.#prefix(), 'latin1');
    return this.#messages.map((message) => {
      const text = withoutLineEnds(message);
      return Buffer.concat([prefix, text, Buffer.from('\n')]);
    });
  }

  #prefix(): string {
    const host = this.#names.get('_HOSTNAME') ?? '';
    const program = this.#names.get('SYSLOG_IDENTIFIER') || this.#names.get('_COMM') || '';
    const pid = this.#names.get('_PID') ?? this.#names.get('SYSLOG_PID') ?? '';
    const tag = program === '' ? '' : `${program}${pid === '' ? '' : `[${pid}]`}:`;
    return [host, tag, '']
      .filter((part, index) => index === 2 || part !== '')
      .join(' ')
      .replaceAll(/[\r\n]/g, ' ');
  }

  /** When the message was sent, in seconds since the epoch: journald may have come to it later. Null: no time is given. */
  get time(): number | null {
    const received = this.#microseconds('__REALTIME_TIMESTAMP');
    const sent = this.#microseconds('_SOURCE_REALTIME_TIMESTAMP');
    if (received === null) return null;
    return (sent === null || sent > received ? received : sent) / 1e6;
  }

  #microseconds(name: string): number | null {
    const number = Number(this.#names.get(name) ?? '');
    return number > 0 && number < Number.MAX_SAFE_INTEGER ? number : null;
  }
}

/** Fields that are read beside the message and the cursor; sources/journal-child.ts asks for these alone, and gets the time anyhow. */
const wanted: ReadonlySet<string> = new Set([
  '__REALTIME_TIMESTAMP',
  '_HOSTNAME',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  '_PID',
  'SYSLOG_PID',
  '_SOURCE_REALTIME_TIMESTAMP',
]);

/** Changes the message itself. */
function withoutLineEnds(message: Buffer): Buffer {
  let length = message.length;
  while (length > 0 && isLineEnd(message[length - 1])) length--;
  for (let at = 0; at < length; at++) if (isLineEnd(message[at])) message[at] = space;
  return message.subarray(0, length);
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}
