import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceMode } from '../core/types.ts';
import { Evidence, mostKept } from './evidence.ts';

const keeping = (mode: EvidenceMode): Evidence =>
  new Evidence({ mode, mostTold: (jail) => (jail === 'told' ? 2 : null) });

const seen = (line: string, time = 1) => ({
  host: '203.0.113.7',
  time,
  source: 'file:/log',
  line,
  fields: { user: 'hunter2' },
});

test('the latest lines are kept with time and source, as the owner wants them', () => {
  const line = 'Failed password for hunter2 from 203.0.113.7';
  const keptIn = (mode: EvidenceMode) => {
    const evidence = keeping(mode);
    for (let time = 1; time <= 12; time++) evidence.note('sshd', '203.0.113.7', seen(line, time));
    return evidence.kept('sshd', '203.0.113.7');
  };
  assert.deepEqual(keptIn('off'), []);
  assert.deepEqual(keptIn('full').at(-1), { time: 12, source: 'file:/log', line });
  const redacted = keptIn('redacted');
  assert.equal(redacted.length, mostKept);
  assert.deepEqual(redacted[0], {
    time: 3,
    source: 'file:/log',
    line: 'Failed password for *** from 203.0.113.7',
  });
});

test('lines are cut, and what is left of a character is none', () => {
  const evidence = keeping('full');
  evidence.note('sshd', '203.0.113.7', seen(`${'x'.repeat(511)}😀`));
  evidence.note('sshd', '203.0.113.7', seen('\ud800 alone'));
  assert.deepEqual(
    evidence.kept('sshd', '203.0.113.7').map(({ line }) => line),
    [`${'x'.repeat(511)}\ufffd`, '\ufffd alone'],
  );
});

test('those who are told of bans get lines as they are, whatever the owner keeps', () => {
  const evidence = keeping('off');
  for (const line of ['1 hunter2', '2 hunter2', '3 hunter2'])
    evidence.note('told', '203.0.113.7', seen(line));
  assert.deepEqual(evidence.find('told', '203.0.113.7').lines, ['2 hunter2', '3 hunter2']);
  evidence.forget('told', '203.0.113.7');
  assert.deepEqual(evidence.find('told', '203.0.113.7').lines, []);
});

test('a batch brings all lines where somebody is told, some where they are kept, else none', () => {
  assert.equal(keeping('off').linesOf(['sshd']), 0);
  assert.equal(keeping('off').linesOf(['sshd', 'told']), Number.POSITIVE_INFINITY);
  assert.equal(keeping('redacted').linesOf(['sshd']), 128);
});

test('a flood of addresses or of long lines takes no more room than there is: the stalest go', () => {
  const evidence = keeping('full');
  const address = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  for (let index = 0; index <= 10_000; index++) evidence.note('sshd', address(index), seen('x'));
  assert.equal(evidence.kept('sshd', address(0)).length, 0);
  assert.equal(evidence.kept('sshd', address(1)).length, 1);
  const long = seen('y'.repeat(512));
  for (let index = 0; index < 9_000; index++)
    for (let times = 0; times < 5; times++) evidence.note('sshd', address(index), long);
  const left = Array.from({ length: 9_000 }, (_, index) => evidence.kept('sshd', address(index)).length > 0);
  assert.equal(left[0], false);
  assert.equal(left.at(-1), true);
});
