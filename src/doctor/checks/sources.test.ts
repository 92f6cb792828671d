import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said } from '../../../test/setup/machine.ts';
import { jailOf, sourceOf } from '../../../test/setup/machine-status.ts';
import { sources } from './sources.ts';

test('sources that are read and up to date', async () => {
  const daemon = { ...healthy, jails: [jailOf()], sources: [sourceOf()] };
  assert.deepEqual(await said(sources, machineOf({ daemon })), ['ok: 1 read, none behind or silent']);
});

test('a jail with nothing to read', async () => {
  const daemon = {
    ...healthy,
    jails: [jailOf()],
    sources: [sourceOf({ state: 'waiting', detail: 'no such file' })],
    warnings: ['jail sshd reads nothing: file:/var/log/auth.log waiting, no such file'],
  };
  const machine = machineOf({ daemon });
  assert.deepEqual(await said(sources, machine), [
    'problem: jail sshd reads nothing: file:/var/log/auth.log waiting, no such file',
  ]);
  assert.match(await remedies(sources, machine), /jails\.sshd\.logpath[\s\S]*-v \/var\/log:\/var\/log:ro/);
});

test('a jail that counts bans has no source and needs none', async () => {
  const daemon = { ...healthy, jails: [jailOf({ name: 'recidive' })], sources: [] };
  assert.deepEqual(await said(sources, machineOf({ daemon })), ['ok: 0 read, none behind or silent']);
});

test('what fails, falls behind, is silent or warns', async () => {
  const daemon = {
    ...healthy,
    jails: [jailOf()],
    sources: [
      sourceOf({ id: 'journal', state: 'failed', detail: 'no right' }),
      sourceOf({ behind: '70 MiB behind for 1m', silent: 'silent for 1h', warning: 'lines may be missing' }),
      sourceOf({ id: 'docker:web', warning: 'its times are 1h behind the clock: its time zone is another' }),
    ],
  };
  assert.deepEqual(await said(sources, machineOf({ daemon })), [
    'problem: journal is not read: no right',
    'warning: file:/var/log/auth.log: lines may be missing',
    'warning: file:/var/log/auth.log: 70 MiB behind for 1m',
    'warning: file:/var/log/auth.log: silent for 1h',
  ]);
});

test('without the daemon nobody knows', async () => {
  assert.deepEqual(await said(sources, machineOf({ daemon: noDaemon })), [
    'not made: the daemon does not answer',
  ]);
});
