import { readSyslogRecords, type SyslogRecord } from '../core/syslog-record.ts';
import { parseSyslogSelector, type SyslogSelector, selectsMessage } from '../core/syslog-selector.ts';
import { readSyslogMessage } from './syslog-message.ts';
import { type TakeLines, TimedLines } from './timed-lines.ts';

/**
 * Between these bounds, in seconds, a message's own time is believed: a sender that was cut off sends what is old
 * when it is back, and that must not count as of now. Beyond them its clock is wrong.
 */
const oldest = 86_400;
const furthestAhead = 60;

/** Makes lines of the records of the syslog receiver, as far as they are selected. There is no going back to them. */
export class SyslogRecords {
  readonly cursor = '{}';
  readonly #selectors: readonly SyslogSelector[];
  readonly #lines = new TimedLines();

  constructor(selectors: readonly string[]) {
    this.#selectors = selectors.flatMap((text) => parseSyslogSelector(text) ?? []);
  }

  /** `bytes`: whole records. */
  push(bytes: Uint8Array, take: TakeLines): void {
    for (const record of readSyslogRecords(bytes)) this.#record(record, take);
    this.#lines.flush(take);
  }

  flush(): void {}

  #record({ message, sender, receivedAt }: SyslogRecord, take: TakeLines): void {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
    const { host, program, process, text, time } = readSyslogMessage(bytes.toString('latin1'), sender);
    const selector = this.#selectors.find((each) => selectsMessage(each, program, host));
    if (selector === undefined) return;
    const id = process === '' ? '' : `[${process}]`;
    const line = selector.messageOnly ? text : `${host} ${program}${id}: ${text}`;
    const believed = time !== null && time > receivedAt - oldest && time < receivedAt + furthestAhead;
    this.#lines.add(Buffer.from(visible(line), 'latin1'), believed ? time : receivedAt, take);
  }
}

/** One line for certain: control characters (tabs aside) as rsyslog writes them, but for those at the end. */
function visible(line: string): string {
  let end = line.length;
  while (end > 0 && lineEnds.includes(line[end - 1] ?? '')) end--;
  let shown = '';
  let from = 0;
  for (let at = 0; at < end; at++) {
    const code = line.charCodeAt(at);
    if ((code >= space || code === horizontalTab) && code !== del) continue;
    shown += `${line.slice(from, at)}#${code.toString(8).padStart(3, '0')}`;
    from = at + 1;
  }
  return shown + line.slice(from, end);
}

const lineEnds = '\0\r\n';
const horizontalTab = 0x09;
const space = 0x20;
const del = 0x7f;
