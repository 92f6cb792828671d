import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said } from '../../../test/setup/machine.ts';
import type { Status } from '../../control/protocol.ts';
import { hooks } from './hooks.ts';

const machineWith = (enforcement: Partial<Status['enforcement']>) =>
  machineOf({ daemon: { ...healthy, enforcement: { ...healthy.enforcement, ...enforcement } } });

test('first everywhere', async () => {
  assert.deepEqual(await said(hooks, machineOf()), [
    'ok: iptables, first in INPUT, FORWARD > DOCKER-USER, proved with a packet',
  ]);
});

test('a jump that is not first', async () => {
  const hook = {
    name: 'FORWARD > DOCKER-USER',
    family: 6,
    ok: false,
    verified: false,
    problem: '"-j X" stands before',
  } as const;
  const machine = machineWith({ state: 'degraded', detail: 'a hook is gone', hooks: [hook] });
  assert.deepEqual(await said(hooks, machine), [
    'problem: bans are not enforced by iptables: a hook is gone',
    'problem: FORWARD > DOCKER-USER (IPv6): "-j X" stands before',
  ]);
  assert.match(await remedies(hooks, machine), /nft monitor/);
});

test('traffic that goes round, a dry run, and half a protection', async () => {
  assert.match(
    (await said(hooks, machineWith({ gaps: ['macvlan is not seen'] }))).join(),
    /problem: macvlan/,
  );
  const dry = machineWith({ backend: 'dry-run', state: 'dry-run' });
  assert.deepEqual(await said(hooks, dry), ['warning: a dry run: nobody is shut out']);
  const partial = machineWith({ backend: 'hosts-deny', state: 'partial', detail: 'no iptables' });
  assert.match((await said(hooks, partial)).join(), /^warning: bans are written by hosts-deny/);
});

test('without the daemon nobody knows', async () => {
  assert.deepEqual(await said(hooks, machineOf({ daemon: noDaemon })), [
    'not made: the daemon does not answer',
  ]);
});
