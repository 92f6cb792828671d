import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, describe, it } from 'node:test';
import { testFilter } from '../../../src/commands/filter.ts';
import type { JsonLine } from '../../../src/commands/trial-json.ts';
import { canonicalAddress } from '../../../src/core/address.ts';
import { randomOf } from '../../fuzz/random.ts';
import { folderOf } from '../../setup/folder.ts';
import { stock } from '../folders.ts';
import { type LineHit, LineOracle } from './line-oracle.ts';
import { zoneName } from './made-log-dates.ts';
import { madeLog, type Sample } from './made-logs.ts';
import { type Annotation, sampleLogs, sampleRuns } from './samples.ts';

/** Lines of each log. */
const lines = 20_000;
/** Winter, and a day that is no month. */
const start = Date.parse('2026-11-17T06:00:00Z') / 1_000;
/** So every date counts as fresh, for the lines without one behind it. */
const now = start;
/** Always the same logs; `FUZZ_SEED` makes others. */
const startSeed = Number(process.env['FUZZ_SEED'] ?? 20_261_127);

/** Filters and their options, across services. */
const filters = [
  ...['sshd', 'sshd[mode=ddos]', 'sshd[mode=aggressive]', 'dropbear'],
  ...['nginx-http-auth', 'nginx-http-auth[mode=aggressive]', 'nginx-limit-req', 'nginx-botsearch'],
  ...[
    'apache-auth',
    'apache-auth[mode=aggressive]',
    'apache-badbots',
    'apache-overflows',
    'haproxy-http-auth',
  ],
  ...['postfix', 'postfix[mode=auth]', 'postfix[mode=aggressive]', 'dovecot', 'dovecot[mode=aggressive]'],
  ...['exim', 'exim[mode=aggressive]', 'courier-auth', 'sogo-auth', 'roundcube-auth'],
  ...['proftpd', 'vsftpd', 'pure-ftpd', 'named-refused', 'asterisk', 'mysqld-auth', 'recidive', 'squid'],
] as const;

const nameOf = (filter: string): string => filter.split('[')[0] ?? filter;

/** By filter, the lines of its sample log. */
const samples = new Map<string, Sample[]>();
for (const { filter, lines: all } of sampleRuns({ configuration: stock, logs: sampleLogs }, () => true)) {
  const of = (expected: Annotation) => (typeof expected['user'] === 'string' ? expected['user'] : undefined);
  const known = new Map((samples.get(filter) ?? []).map((sample) => [sample.text, sample]));
  for (const { text, expected } of all) known.set(text, { text, user: of(expected) });
  samples.set(filter, [...known.values()]);
}

function some(list: readonly Sample[]): readonly [Sample, ...Sample[]] {
  const [first, ...rest] = list;
  assert.ok(first !== undefined);
  return [first, ...rest];
}

describe("the hits of fail2ban's filters on made logs", () => {
  const oracle = new LineOracle(zoneName);
  const folder = folderOf({});
  const totals = { compared: 0, hits: 0, failed: 0, differences: 0 };
  after(() => oracle.close());

  for (const [index, filter] of filters.entries()) {
    it(filter, async (t) => {
      const file = path.join(folder, 'log');
      const own = some(samples.get(nameOf(filter)) ?? []);
      const others = some([...samples].flatMap(([name, list]) => (name === nameOf(filter) ? [] : list)));
      const random = randomOf(startSeed + index);
      await pipeline(Readable.from(madeLog({ own, others }, lines, start, random)), createWriteStream(file));
      const asked = oracle.hits({ filter, file, now });
      const ours = await hitsIn(file, filter);
      const { hits, failed } = await asked;
      const differences = differencesOf(hits, ours, new Set(failed));
      totals.compared += lines - failed.length;
      totals.hits += hits.length;
      totals.failed += failed.length;
      totals.differences += differences.length;
      t.diagnostic(`${lines} lines, ${hits.length} hits`);
      assert.ok(hits.length > lines / 20, 'too few hits to compare');
      assert.deepEqual(differences.slice(0, 5), []);
    });
  }

  it('all in all', (t) => {
    const { compared, hits, failed, differences } = totals;
    t.diagnostic(
      `${filters.length} filters, ${compared} lines, ${hits} hits, ${differences} differences; fail2ban failed on ${failed}`,
    );
    assert.equal(differences, 0);
  });
});

async function hitsIn(file: string, filter: string): Promise<LineHit[]> {
  const hits: LineHit[] = [];
  await testFilter({
    name: filter,
    file: '-',
    input: createReadStream(file),
    fail2ban: stock,
    folders: [],
    json: true,
    now: new Date(now * 1_000).toISOString(),
    timeZone: zoneName,
    warn: (text) => assert.fail(text),
    print: (text) => {
      const { line, result, host, time, attempts }: JsonLine = JSON.parse(text);
      if (result === 'hit') hits.push([line, host ?? '', time ?? 0, attempts]);
    },
  });
  return hits;
}

function differencesOf(
  theirs: readonly LineHit[],
  ours: readonly LineHit[],
  failed: ReadonlySet<number>,
): string[] {
  const described = (hits: readonly LineHit[]): Set<string> =>
    new Set(
      hits
        .filter(([line]) => !failed.has(line))
        .map(
          ([line, host, time, attempts]) =>
            `line ${line}: ${canonicalAddress(host) ?? host} at ${time}, ${attempts}`,
        ),
    );
  const [expected, found] = [described(theirs), described(ours)];
  return [
    ...[...expected.difference(found)].map((hit) => `fail2ban alone: ${hit}`),
    ...[...found.difference(expected)].map((hit) => `ours alone: ${hit}`),
  ];
}
