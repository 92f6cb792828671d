import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noIncrement } from './ban-increment.ts';
import { Jail } from './jail.ts';
import { Windows } from './window.ts';

const limits = {
  name: 'sshd',
  maxretry: 3,
  findtime: 600,
  bantime: 600,
  increment: noIncrement,
  ignoreip: [],
  maxTracked: 100,
};

function jail(): Jail {
  return new Jail(limits, new Windows(limits));
}

test('the attempt that reaches maxretry within findtime is the verdict', () => {
  const sshd = jail();
  const verdicts = [1_000, 1_100, 1_200].map((time) => sshd.judge('203.0.113.7', time, 1, 1_200).verdict);
  assert.deepEqual(verdicts, ['counted', 'counted', 'ban']);
});

test('a line older than findtime never counts, so a replayed log bans nobody', () => {
  const sshd = jail();
  const verdicts = [1, 2, 3, 4].map((time) => sshd.judge('203.0.113.7', time, 1, 10_000).verdict);
  assert.deepEqual(verdicts, ['stale', 'stale', 'stale', 'stale']);
  assert.equal(sshd.windows.size, 0);
});

test('a date far ahead of the clock counts as now', () => {
  const sshd = jail();
  const ahead = sshd.judge('203.0.113.7', 99_999, 1, 1_000);
  assert.deepEqual(ahead, { verdict: 'counted', count: 1, time: 1_000 });
  assert.equal(sshd.judge('203.0.113.7', 1_001, 2, 1_001).verdict, 'ban');
});

test('whom it never bans is the same array until one of the lists says something else', () => {
  const list = (reason: string) => [{ range: '198.51.100.0/24', reason }];
  const [own, first, second] = [list('own'), list('first'), list('second')];
  let others = [first, second];
  const ofRanges = new Jail(
    limits,
    new Windows(limits),
    () => own,
    () => others,
  );
  const before = ofRanges.allow;
  const reasons = () => ofRanges.allow.map(({ reason }) => reason);
  assert.deepEqual(reasons(), ['own', 'first', 'second']);
  others = [first, second];
  assert.equal(ofRanges.allow, before);
  others = [first, list('third')];
  assert.deepEqual(reasons(), ['own', 'first', 'third']);
  others = [first];
  assert.deepEqual(reasons(), ['own', 'first']);
});
