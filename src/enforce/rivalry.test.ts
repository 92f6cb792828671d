import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rivalry } from './rivalry.ts';

const hook = 'INPUT (IPv4)';

function rivalry() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const made = new Rivalry(clock);
  /** The jump is moved back so many times, every `seconds`. */
  const fight = (times: number, seconds: number): void => {
    for (let move = 0; move < times; move += 1) {
      clock.time += seconds;
      made.moved(hook);
    }
  };
  return { clock, made, fight };
}

test('twenty moves within three minutes end the fight, for a minute, and it is told why', () => {
  const { clock, made, fight } = rivalry();
  fight(19, 8);
  assert.equal(made.yielded().size, 0);
  assert.equal(made.describe(hook), null);
  fight(1, 8);
  assert.deepEqual([...made.yielded()], [hook]);
  assert.match(made.describe(hook) ?? '', /20 times within 3m, so it is left there for 1m/);
  clock.time += 60;
  assert.equal(made.yielded().size, 0);
});

test('each further truce is twice as long, up to an hour; peace for an hour makes it short again', () => {
  const { clock, made, fight } = rivalry();
  const truces: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    fight(20, 1);
    const began = clock.time;
    while (made.yielded().size > 0) clock.time += 1;
    truces.push(clock.time - began);
  }
  assert.deepEqual(truces, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
  clock.time += 3_601;
  fight(20, 1);
  assert.match(made.describe(hook) ?? '', /left there for 1m/);
});

test('moves that come rarely are put right for ever', () => {
  const { made, fight } = rivalry();
  fight(200, 10);
  assert.equal(made.yielded().size, 0);
});
