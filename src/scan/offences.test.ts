import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Offences } from './offences.ts';

const place = { filter: 1, expression: 2 };
const other = { filter: 1, expression: 3 };

function offences() {
  const clock = { seconds: 1_000, now: () => clock.seconds };
  return { clock, offences: new Offences(clock) };
}

test('the third within ten minutes restrains an expression, and no other one', () => {
  const { clock, offences: all } = offences();
  assert.equal(all.add(place), false);
  clock.seconds += 300;
  assert.equal(all.add(place), false);
  assert.equal(all.add(other), false);
  clock.seconds += 300;
  assert.equal(all.add(place), true);
  assert.deepEqual(all.restrained(), [{ ...place, restraint: 'linear' }]);
});

test('those that lie further apart do not', () => {
  const { clock, offences: all } = offences();
  for (let count = 0; count < 10; count++) {
    assert.equal(all.add(place), false);
    clock.seconds += 301;
  }
});

test('it is let off after ten quiet minutes, and each time that it offends again after twice as long', () => {
  const { clock, offences: all } = offences();
  for (let count = 0; count < 3; count++) all.add(place);
  clock.seconds += 500;
  all.add(place);
  clock.seconds += 599;
  assert.deepEqual(all.letOff(), []);
  clock.seconds += 1;
  assert.deepEqual(all.letOff().length, 1);
  assert.deepEqual(all.restrained(), []);
  for (const term of [1_200, 2_400, 4_800]) {
    assert.equal(all.add(place), true, 'it has one chance');
    clock.seconds += term - 1;
    assert.deepEqual(all.letOff(), []);
    clock.seconds += 1;
    assert.equal(all.letOff().length, 1);
  }
});

test('after two days without it is as any other', () => {
  const { clock, offences: all } = offences();
  for (let count = 0; count < 3; count++) all.add(place);
  clock.seconds += 600;
  all.letOff();
  clock.seconds += 2 * 86_400;
  all.letOff();
  assert.equal(all.any, false);
  assert.equal(all.add(place), false);
});

test('what the linear engine cannot express is news once', () => {
  const { offences: all } = offences();
  assert.equal(all.came(place, 'timed'), false);
  for (let count = 0; count < 3; count++) all.add(place);
  assert.equal(all.came(place, 'linear'), false);
  assert.equal(all.came(place, 'timed'), true);
  assert.equal(all.came(place, 'timed'), false);
  assert.deepEqual(all.restrained(), [{ ...place, restraint: 'timed' }]);
});
