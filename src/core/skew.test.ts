import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isZone, Skew } from './skew.ts';

const start = 1_795_363_321;

/** Feeds so many lines, `every` seconds apart, each as late as `offset` says. Returns when the last one was read. */
function feed(
  skew: Skew,
  lines: number,
  offset: (index: number) => number,
  from = start,
  every = 10,
): number {
  for (let index = 0; index < lines; index++)
    skew.add(from + index * every, from + index * every - offset(index));
  return from + lines * every;
}

test('a wrong zone shows when it has lasted for twenty samples', () => {
  for (const zone of [3_600, -3_600, 18_000, -20_700, 900, 43_200]) {
    const skew = new Skew();
    feed(skew, 19, () => zone + 2);
    assert.equal(skew.seconds, 0);
    feed(skew, 1, () => zone + 2, start + 190);
    assert.equal(skew.seconds, zone);
    assert.ok(isZone(zone));
  }
});

test('thousands of lines in a moment are one sample', () => {
  const skew = new Skew();
  feed(skew, 10_000, () => 3_600, start, 0.001);
  assert.equal(skew.seconds, 0);
});

test('lines that come late now and then change nothing', () => {
  const skew = new Skew();
  feed(skew, 200, (index) => (index % 5 === 0 ? 3_600 + 400 : 3_600 + (index % 25)));
  assert.equal(skew.seconds, 3_600);
});

test('delays are no skew: they differ', () => {
  for (const offset of [
    // A log that is copied every hour, or written in blocks.
    (index: number) => 3_600 - ((index * 180) % 3_600),
    (index: number) => (index * 37) % 300,
    // A backlog that is caught up with.
    (index: number) => 86_400 - index * 60,
    () => 0,
    () => 29,
    () => -40,
    () => 119,
  ]) {
    const skew = new Skew();
    feed(skew, 200, offset);
    assert.equal(skew.seconds, 0, offset.toString());
  }
});

test('a wrong clock is named, and its times are left', () => {
  const skew = new Skew();
  const now = feed(skew, 20, () => 420);
  assert.equal(skew.seconds, 420);
  assert.equal(isZone(420), false);
  assert.equal(skew.corrected(now - 420, now), now - 420);
});

test('all times of a wrong zone are moved by the same amount, and none away from the present', () => {
  const behind = new Skew();
  const now = feed(behind, 20, () => 18_000);
  assert.equal(behind.corrected(now - 18_000, now), now);
  assert.equal(behind.corrected(now - 18_000 - 700, now), now - 700);
  // The zone was put right: the dates are true from this line on.
  assert.equal(behind.corrected(now - 1, now), now - 1);
  const ahead = new Skew();
  feed(ahead, 20, () => -3_600);
  assert.equal(ahead.corrected(now + 3_600, now), now);
  assert.equal(ahead.corrected(now + 3_600 - 700, now), now - 700);
  assert.equal(ahead.corrected(now - 1, now), now - 1);
});

test('it ends when the zone was put right, and follows a change of the clocks', () => {
  const skew = new Skew();
  let now = feed(skew, 20, () => 18_000);
  now = feed(skew, 20, () => 14_400, now);
  assert.equal(skew.seconds, 14_400);
  feed(skew, 20, () => 1, now);
  assert.equal(skew.seconds, 0);
});

test('a clock that is set back does not stop the samples', () => {
  const skew = new Skew();
  feed(skew, 20, () => 3_600);
  feed(skew, 20, () => 0, start - 100_000);
  assert.equal(skew.seconds, 0);
});
