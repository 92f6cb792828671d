import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, said } from '../../../test/setup/machine.ts';
import { jailOf } from '../../../test/setup/machine-status.ts';
import { bans } from './bans.ts';

test('bans that hold', async () => {
  const daemon = { ...healthy, jails: [jailOf({ active: 2 }), jailOf({ name: 'web', active: 3 })] };
  assert.deepEqual(await said(bans, machineOf({ daemon })), [
    'ok: 5 active, of none of them a hit was seen since',
  ]);
});

test('bans that keep nobody out', async () => {
  const text =
    '203.0.113.7 is banned by web and yet docker:web shows 9 more hits: its packets come from another address';
  const daemon = { ...healthy, warnings: [text, 'something else'] };
  assert.deepEqual(await said(bans, machineOf({ daemon })), [`problem: ${text}`]);
});

test('without the daemon nobody knows', async () => {
  assert.deepEqual(await said(bans, machineOf({ daemon: noDaemon })), [
    'not made: the daemon does not answer',
  ]);
});
