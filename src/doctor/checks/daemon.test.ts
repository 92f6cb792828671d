import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said } from '../../../test/setup/machine.ts';
import { daemon } from './daemon.ts';

test('a daemon that is well', async () => {
  assert.deepEqual(await said(daemon, machineOf()), ['ok: version 1.2.3, up 1h, ready']);
  assert.deepEqual(await said(daemon, machineOf({ daemon: { ...healthy, revision: '4f2a' } })), [
    'ok: version 1.2.3 (revision 4f2a), up 1h, ready',
  ]);
});

test('a daemon that is not: what it says itself, and what no other check has', async () => {
  const status = {
    ...healthy,
    ready: false,
    problems: ['still starting'],
    warnings: ['a damage', '2 more bans keep nobody out'],
  };
  assert.deepEqual(await said(daemon, machineOf({ daemon: status })), [
    'problem: still starting',
    'warning: a damage',
  ]);
});

test('what other checks explain is not said twice', async () => {
  const problems = [
    'bans are not enforced: x',
    'not everything is filtered here: y',
    'bans cannot be stored: z',
  ];
  const status = { ...healthy, ready: false, problems };
  assert.match(
    (await said(daemon, machineOf({ daemon: status }))).join(),
    /^ok: .*, not ready: see what else/,
  );
});

test('no daemon', async () => {
  const machine = machineOf({ daemon: noDaemon });
  assert.match(
    (await said(daemon, machine)).join(),
    /^problem: \/run\/bailiff\/bailiff\.sock: the daemon does not answer/,
  );
  assert.equal(await remedies(daemon, machine), 'Is it running? Start it.');
});
