import { loadFilters, shippedFilters } from '../../src/config/filters.ts';
import type { FilterDefinition } from '../../src/core/filter.ts';

/** How lines begin, in every form that the date reader knows. */
const beginnings: readonly string[] = [
  'Nov 22 16:02:01 host ',
  'Nov  5 2026 03:04:05 host ',
  'Sun Nov 22 16:02:01.5 2026 ',
  'Nov 22, 2026 4:02:01 PM ',
  'Sun, 22 Nov 2026 16:02:01 +0100 ',
  '<34>1 2026-11-22T16:02:01.123456+01:00 host ',
  '2026-11-22T16:02:01Z[UTC] ',
  '2026/11/22 16:02:01 ',
  '20261122T160201Z ',
  '261122  6:02:01 ',
  '22-Nov-2026 16:02:01 Europe/Berlin ',
  '22.11.2026 16:02:01 ',
  '11/22/2026 4:02:01 PM ',
  '22/11/2026:16:02:01 +0100 ',
  '2026-11-22 16:02:01.123 CET [12] ',
  '12:M 22 Nov 2026 16:02:01.123 # ',
  '1795363321.123 ',
  '1795363321123456789 ',
  '@400000006b03114300000000 ',
  'I1122 16:02:01.123456 7 ',
  '{"t":{"$date":"2026-11-22T16:02:01.123Z"},"x":"',
  '{"level":"info","ts":1795363321.123,"x":"',
  'time="2026-11-22T16:02:01Z" ',
  'type=USER msg=audit(1795363321.123:45): ',
  '203.0.113.7 - bob [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1" 401 ',
  'example.org:443 2001:db8::7 - - [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1" 401 ',
  'haproxy[7]: 203.0.113.7:4242 [22/Nov/2026:16:02:01.123] web ',
  '',
];

export interface Corpus {
  readonly filters: readonly FilterDefinition[];
  /** Of one character a byte. */
  readonly lines: readonly [string, ...string[]];
}

/** All shipped filters and their samples, each as it is and with another beginning. */
export async function loadCorpus(): Promise<Corpus> {
  const filters = await loadFilters([shippedFilters]);
  const samples = filters.flatMap((filter) => filter.samples.map(({ line }) => line));
  const lines = samples.flatMap((line, index) => [
    line,
    `${beginnings[index % beginnings.length]}${line.replace(/^.{15,30}?(?= (?:host )?(?:sshd|\[error))/, '')}`,
    `${beginnings[(index * 7) % beginnings.length]}${line}`,
  ]);
  const [first = '', ...rest] = lines.map((line) => Buffer.from(line).toString('latin1'));
  return { filters, lines: [first, ...rest] };
}
