import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localTime, localTimeWithMs } from './local-time.ts';

test('a time is written in the zone of this process', () => {
  const date = new Date(2026, 10, 22, 16, 2, 1, 42);
  assert.equal(localTime(date.getTime() / 1000), '2026-11-22 16:02:01');
  assert.equal(localTimeWithMs(date.getTime() / 1000), '2026-11-22 16:02:01,042');
});
