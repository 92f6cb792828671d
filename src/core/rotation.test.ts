import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rotationOf } from './rotation.ts';

test('names that a rotation gives to a part of a log, and names that are logs of their own', () => {
  for (const [name, log] of [
    ['access.log.1', 'access.log'],
    ['access.log.12.gz', 'access.log'],
    ['access.log.gz', 'access.log'],
    ['access.log-20261122', 'access.log'],
    ['access.log-20261122.xz', 'access.log'],
    ['access.log-20261122-1795546510.zst', 'access.log'],
    ['access.log.2026-11-22', 'access.log'],
    ['app-20261122.log', 'app.log'],
    ['app-2026-11-22.log.gz', 'app.log'],
    ['messages-20261122', 'messages'],
  ] as const)
    assert.ok(rotationOf(name, log), `${name} is a part of ${log}`);
  for (const [name, log] of [
    ['access.log', 'access.log'],
    ['app-1.log', 'app.log'],
    ['worker-12', 'worker'],
    ['access.log.old', 'access.log'],
    ['access.json', 'access'],
    ['other.log.1', 'access.log'],
    ['node20261122.log', 'node.log'],
  ] as const)
    assert.ok(!rotationOf(name, log), `${name} is no part of ${log}`);
});
