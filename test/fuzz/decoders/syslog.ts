import { packedLength, packSyslogRecord, type SyslogRecord } from '../../../src/core/syslog-record.ts';
import { SyslogRecords } from '../../../src/scan/syslog-records.ts';
import { SyslogFraming } from '../../../src/sources/syslog-framing.ts';
import type { Random } from '../random.ts';
import type { Decoder, FuzzedDecoder, Take } from './decoder.ts';

export const syslog: FuzzedDecoder = {
  name: 'syslog',
  make: () => new Connection(),
  encode: encodeMessages,
  refusal: /^announces a message of \d+ bytes$/,
  resumesAt: null,
};

const receivedAt = Date.parse('2026-11-22T16:02:05Z') / 1_000;

/** One sender's bytes, over TCP, as far as the lines: what comes in a chunk is judged together. */
class Connection implements Decoder {
  readonly #framing = new SyslogFraming();
  readonly #records = new SyslogRecords(['message:nginx', 'sshd*', '*']);

  get cursor(): string {
    return this.#records.cursor;
  }

  push(chunk: Buffer, take: Take): void {
    this.#judge(take, (keep) => this.#framing.push(chunk, keep));
  }

  flush(take: Take): void {
    this.#judge(take, (keep) => this.#framing.flush(keep));
  }

  /** What came before senseless bytes is judged too. */
  #judge(take: Take, receive: (keep: (message: Buffer) => void) => void): void {
    const records: SyslogRecord[] = [];
    try {
      receive((message) => records.push({ receivedAt, sender: '192.0.2.1', message: Buffer.from(message) }));
    } finally {
      this.#records.push(packed(records), take);
    }
  }
}

function packed(records: readonly SyslogRecord[]): Buffer {
  const bytes = Buffer.alloc(records.reduce((sum, record) => sum + packedLength(record), 0));
  records.reduce((at, record) => packSyslogRecord(record, bytes, at), 0);
  return bytes;
}

/** In both formats and both framings, as behind a relay that gathers from many. */
function encodeMessages(lines: readonly string[], random: Random): Buffer {
  return Buffer.concat(
    lines.map((line) => {
      const time = `16:02:0${random.below(6)}`;
      const heads = [
        '',
        `Nov 22 ${time} host sshd[${random.below(9_999)}]: `,
        `1 2026-11-22T${time}.${100_000 + random.below(900_000)}Z host nginx 7 - - `,
        `1 2026-11-22T${time}Z host sshd-session - - [x@1 a="\\]"][y b="]"] \xef\xbb\xbf`,
        `Nov 22 2026 ${time}: %ASA-5-111008: `,
      ] as const;
      const message = `<${random.below(192)}>${random.pick(heads)}${line}`;
      const end = random.pick(['\n', '\r\n', '\0']);
      // A message that ends with a line end or a NUL holds none.
      const framed =
        random.below(2) === 0 ? `${message.length} ${message}` : `${message.replaceAll('\0', ' ')}${end}`;
      return Buffer.from(framed, 'latin1');
    }),
  );
}
