import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail2banFilter } from '../../test/setup/fail2ban-filter.ts';
import { readBatch } from '../core/batch.ts';
import { compileFilter } from './filters/compile.ts';
import { BatchMaker } from './output.ts';
import { Scan } from './scan.ts';

const definition = fail2banFilter({ failRegex: ['^<F-ID>\\w+</F-ID> failed from <ADDR>$'] });

/** What a batch holds of one line. */
function matchOf(evidence: number) {
  const scan = new Scan([compileFilter(definition)], { evidence });
  const batches = new BatchMaker('s', 1, scan);
  const reading = { now: 1_000, transport: 1_000, undated: 1_000 };
  scan.block(Buffer.from('bob failed from 203.0.113.7\n'), reading, batches.found);
  const [match] = readBatch(batches.take('', 0, 0, 0));
  return { host: match?.host, fields: JSON.parse(match?.fields ?? '{}'), line: match?.line };
}

test('lines come with matches only where they are wanted, fields always: sessions go by them', () => {
  const fields = { fid: 'bob', ip4: '203.0.113.7' };
  assert.deepEqual(matchOf(0), { host: 'bob', fields, line: '' });
  assert.deepEqual(matchOf(1), { host: 'bob', fields, line: 'bob failed from 203.0.113.7' });
});

test('what was learned comes with the batch after which it is another', () => {
  const scan = new Scan([compileFilter(definition)], {});
  const batches = new BatchMaker('s', 1, scan);
  const learnedFrom = (text: string, readAtMs = 0) => {
    scan.block(Buffer.from(text), { now: 1_000, transport: null, undated: 1_000 }, batches.found);
    return batches.take('', 0, readAtMs, 0).learned;
  };
  assert.equal(learnedFrom(''), undefined);
  assert.equal(learnedFrom('2026-11-26 10:00:00 bob failed from 203.0.113.7\n'), scan.learned);
  assert.notEqual(scan.learned, '');
  assert.equal(learnedFrom(''), undefined);
  const day = 86_400_000;
  assert.equal(learnedFrom('', day), scan.learned, 'once a day also where it is the same');
  assert.equal(learnedFrom('', 2 * day - 1), undefined);
});

test('no more matches of a batch than are wanted bring their line; the next batch begins anew', () => {
  const scan = new Scan([compileFilter(definition)], { evidence: 2 });
  const batches = new BatchMaker('s', 1, scan);
  const reading = { now: 1_000, transport: 1_000, undated: 1_000 };
  const linesOf = (text: string) => {
    scan.block(Buffer.from(text), reading, batches.found);
    return [...readBatch(batches.take('', 0, 0, 0))].map(({ line }) => line.slice(0, 3));
  };
  const line = 'bob failed from 203.0.113.7\n';
  assert.deepEqual(linesOf(line.repeat(4)), ['bob', 'bob', '', '']);
  assert.deepEqual(linesOf(line), ['bob']);
});
