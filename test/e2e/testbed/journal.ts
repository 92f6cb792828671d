import { execa } from 'execa';

export const journalWriter = '/lib/systemd/systemd-journal-remote';
const boot = 'b'.repeat(32);
/** Journal time since boot, in microseconds, as journald has it: always later than before. */
let monotonic = 1_000_000;
let session = 1_000;

/** The fields of an entry; a value of bytes may hold any. */
export type JournalFields = readonly (readonly [string, string | Uint8Array])[];

/**
 * A journal file that systemd's own code writes, entry by entry, out of its export format. It grows while this is
 * open.
 */
export class JournalFile {
  readonly path: string;
  readonly #child;

  constructor(path: string) {
    this.path = path;
    this.#child = execa(journalWriter, ['--output', path, '-'], {
      reject: false,
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'ignore',
    });
  }

  /** One failed login of each address, as sshd's unit logs it. */
  fail(...addresses: string[]): Promise<void> {
    return this.write(...addresses.map(failure));
  }

  /** Resolves when the entries are on their way into the file. */
  write(...entries: JournalFields[]): Promise<void> {
    const bytes = Buffer.concat(entries.map(exported));
    return new Promise((resolve, reject) => {
      this.#child.stdin.write(bytes, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  /** Resolves when all is in the file, and nobody writes it any more. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#child;
  }
}

/** What sshd logs of a wrong password; `message` in place of that. */
export function failure(address: string, _index?: number, _all?: unknown, message?: string | Uint8Array) {
  session += 1;
  return [
    ['MESSAGE', message ?? `Failed password for root from ${address} port 40000 ssh2`],
    ['PRIORITY', '6'],
    ['SYSLOG_IDENTIFIER', 'sshd'],
    ['_COMM', 'sshd'],
    ['_HOSTNAME', 'dockhost'],
    ['_PID', `${session}`],
    ['_SYSTEMD_UNIT', 'ssh.service'],
    ['_UID', '0'],
  ] as const satisfies JournalFields;
}

/** systemd.io/JOURNAL_EXPORT_FORMATS: all fields in the binary form, which holds any bytes. */
function exported(fields: JournalFields): Buffer {
  monotonic += 10;
  const now = Math.round((performance.timeOrigin + performance.now()) * 1_000);
  const head = `__REALTIME_TIMESTAMP=${now}\n__MONOTONIC_TIMESTAMP=${monotonic}\n_BOOT_ID=${boot}\n`;
  const body = fields.flatMap(([name, value]) => {
    const bytes = Buffer.from(value as string);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return [Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')];
  });
  return Buffer.concat([Buffer.from(head), ...body, Buffer.from('\n')]);
}
