import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skewWarning } from './skew-warning.ts';

const winter = Date.parse('2026-11-22T16:02:01Z') / 1_000;
const summer = Date.parse('2026-07-01T12:00:00Z') / 1_000;

test('the warning names the zone that would be right', () => {
  const guess = (skew: number, zone: string, now = winter) =>
    /such as (\S+)\./.exec(skewWarning(skew, zone, now) ?? '')?.[1];
  assert.equal(guess(5 * 3_600, 'UTC'), '-05:00');
  assert.equal(guess(-3_600, 'UTC'), '+01:00');
  assert.equal(guess(-5.5 * 3_600, 'UTC'), '+05:30');
  assert.equal(guess(3_600, 'Europe/Berlin'), '+00:00');
  assert.equal(guess(2 * 3_600, 'Europe/Berlin', summer), '+00:00');
  assert.equal(guess(-3_600, '-05:00'), '-04:00');
  // No zone is so far away: a clock, then.
  assert.equal(guess(20 * 3_600, 'UTC'), undefined);
});

test('what is off and how far is said', () => {
  assert.equal(skewWarning(0, 'UTC', winter), null);
  assert.match(
    skewWarning(3_600, undefined, winter) ?? '',
    /^its times are 1h behind the clock: .*set time-zone/,
  );
  assert.match(skewWarning(-420, 'UTC', winter) ?? '', /^its times are 7m ahead of the clock: set the clock/);
  const said = (skew: number, timed: 'sender' | 'keeper') => skewWarning(skew, 'UTC', winter, timed) ?? '';
  assert.match(
    said(3_600, 'sender'),
    /^its times are 1h behind the clock: .* what sends it .* moved by that much$/,
  );
  assert.match(said(420, 'sender'), /^its times are 7m behind the clock: set the clock of what writes it/);
  for (const skew of [3_600, 420])
    assert.match(
      said(skew, 'keeper'),
      /behind the clock: .* keeps this log, .* never where that is more than findtime$/,
    );
});
