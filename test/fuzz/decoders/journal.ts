import { JournalEntries } from '../../../src/scan/journal-entries.ts';
import type { Random } from '../random.ts';
import type { FuzzedDecoder } from './decoder.ts';

export const journal: FuzzedDecoder = {
  name: 'journal',
  make: (cursor) => new JournalEntries(cursor),
  encode: encodeEntries,
  refusal: /^this is not the journal: /,
  resumesAt: entryOf,
};

/** `journalctl --cursor` begins with the very entry. */
function entryOf(held: Buffer, cursor: string): number {
  return cursor === '' ? 0 : held.indexOf(`__CURSOR=${cursor}\n`);
}

/** The clock is set back now and then, entries of one microsecond are there too, and some have several messages or none. */
function encodeEntries(lines: readonly string[], random: Random): Buffer {
  let monotonic = 5_000_000;
  let realtime = Date.parse('2026-11-22T16:02:01Z') * 1_000;
  const hex = (number: number): string => number.toString(16);
  const entries = lines.map((line, index) => {
    const passed = random.below(3) * 1_000;
    monotonic += passed;
    realtime += random.below(20) === 0 ? -3_000_000 : passed;
    const cursor = `s=aa;i=${hex(index + 1)};b=b1;m=${hex(monotonic)};t=${hex(realtime)};x=${hex(index + 7)}`;
    const fields = [
      field('_HOSTNAME', 'host', random),
      field('SYSLOG_IDENTIFIER', random.pick(['sshd', 'nginx', line.slice(0, 20)]), random),
      field('_PID', `${random.below(9_999)}`, random),
      field('_SOURCE_REALTIME_TIMESTAMP', `${realtime - random.below(2_000)}`, random),
      ...Array.from({ length: random.pick([1, 1, 1, 0, 2]) }, () => field('MESSAGE', line, random)),
    ];
    const ordered = random.below(2) === 0 ? fields : fields.reverse();
    const head = `__CURSOR=${cursor}\n__REALTIME_TIMESTAMP=${realtime}\n`;
    return Buffer.concat([Buffer.from(head), ...ordered, Buffer.from('\n')]);
  });
  return Buffer.concat(entries);
}

/** As text, or as bytes with their length, in which line ends may stand too. */
function field(name: string, value: string, random: Random): Buffer {
  if (random.below(3) > 0) return Buffer.from(`${name}=${value}\n`, 'latin1');
  const bytes = Buffer.from(value.replaceAll(' port ', '\n\n__CURSOR='), 'latin1');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}
