import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFormula } from './ban-formula.ts';
import { BanTimes, noIncrement, usualFormula } from './ban-increment.ts';

const given = { time: 600, count: 3, factor: 2 };

test('formulas are read as Python reads them', () => {
  const results: readonly (readonly [string, number])[] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['2 ** -1', 0.5],
    ['7 // 2 + 7 % 3', 4],
    ['-7 // 2', -4],
    ['-7 % 3', 2],
    ['1 << 3 + 1', 16],
    ['1 << 40', 2 ** 40],
    ['9 >> 1', 4],
    ['1.5e3 + .5', 1500.5],
    ['2 if 1 < 2 else 3', 2],
    ['1 if 0 else 2 if 0 else 3', 3],
    ['1 < 2 and 3', 3],
    ['0 or not 0', 1],
    ['min(3, 2, 1) + max(1, 2)', 3],
    ['math.exp(0) + math.log(math.e) + math.sqrt(4)', 4],
    ['int(2.9) + float(1)', 3],
    [usualFormula, 600 * 8 * 2],
    ['ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)', 600 * Math.exp(6)],
  ];
  for (const [text, expected] of results) {
    const result = parseFormula(text)(given);
    assert.ok(Math.abs(result - expected) < 1e-6 * Math.abs(expected) + 1e-9, `${text} = ${result}`);
  }
});

test('anything else is refused, and nothing of it is run', () => {
  const refused = [
    '',
    '1 +',
    '(1',
    '1)',
    '1 2',
    'x',
    '__import__("os")',
    'ban.Count.real',
    'min()',
    'min(1)',
  ];
  const more = [
    'exp(1)',
    '1 if 2',
    'lambda: 1',
    'constructor',
    'ban.Time; 1',
    "'a'",
    '('.repeat(100),
    '1+'.repeat(600),
  ];
  for (const text of [...refused, ...more]) assert.throws(() => parseFormula(text), SyntaxError, text);
});

test('each ban of somebody who comes back is longer, within the limit; the first is as long as the jail says', () => {
  const times = new BanTimes({ ...noIncrement, enabled: true, maxtime: 3_000 });
  assert.deepEqual(
    [0, 1, 2, 3, 30].map((count) => times.after(count, 600)),
    [600, 1_200, 2_400, 3_000, 3_000],
  );
  assert.equal(times.after(5, null), null, 'for ever stays for ever');
  assert.equal(new BanTimes(noIncrement).after(5, 600), 600);
});

test('multipliers take the place of the formula, and their last goes on', () => {
  const times = new BanTimes({ ...noIncrement, enabled: true, multipliers: [1, 5, 30], factor: '2' });
  assert.deepEqual(
    [1, 2, 3, 9].map((count) => times.after(count, 10)),
    [100, 600, 600, 600],
  );
});

test('a list of times takes the place of all of it; its last goes on, and may be for ever', () => {
  const listed = { ...noIncrement, enabled: true, times: [600, 3_600, null], multipliers: [1, 5] };
  const lasts = (times: BanTimes, bantime: number | null = 600) =>
    [0, 1, 2, 9].map((count) => times.after(count, bantime));
  assert.deepEqual(lasts(new BanTimes(listed)), [600, 3_600, null, null]);
  assert.deepEqual(lasts(new BanTimes({ ...listed, maxtime: 7_200 })), [600, 3_600, 7_200, 7_200]);
  assert.deepEqual(
    lasts(new BanTimes({ ...listed, times: [60, 120], rndtime: 10 }, () => 0.5)),
    [60, 125, 125, 125],
  );
  assert.deepEqual(lasts(new BanTimes({ ...listed, enabled: false }), 300), [300, 300, 300, 300]);
  assert.deepEqual(lasts(new BanTimes({ ...noIncrement, enabled: true, maxtime: 60 }), null), [
    null,
    null,
    null,
    null,
  ]);
});

test('chance only adds to what has grown, and no formula makes a ban shorter or endless', () => {
  const random = new BanTimes({ ...noIncrement, enabled: true, rndtime: 100 }, () => 0.5);
  assert.deepEqual([random.after(0, 600), random.after(1, 600)], [600, 1_250]);
  for (const formula of ['0', '-1', '0/0', 'ban.Time / 2']) {
    assert.equal(new BanTimes({ ...noIncrement, enabled: true, formula }).after(3, 600), 600, formula);
  }
  const endless = new BanTimes({ ...noIncrement, enabled: true, formula: '10 ** 400' });
  assert.ok(Number.isFinite(endless.after(3, 600)));
});

test('an attempt of who was banned before counts as 2, 3, 5, 9 and never as more than it takes', () => {
  const times = new BanTimes({ ...noIncrement, enabled: true });
  assert.deepEqual(
    [0, 1, 2, 3, 4, 60].map((count) => times.attemptsAfter(count, 10)),
    [1, 2, 3, 5, 9, 10],
  );
  assert.equal(new BanTimes(noIncrement).attemptsAfter(4, 10), 1);
});
