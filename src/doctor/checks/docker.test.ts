import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine, machineOf, remedies, said, settings } from '../../../test/setup/machine.ts';
import { BailiffError } from '../../core/errors.ts';
import type { Engine } from '../machine.ts';
import { docker } from './docker.ts';

const machineWith = (info: Partial<Engine['info']>) =>
  machineOf({ docker: async () => ({ ...engine, info: { ...engine.info, ...info } }) });

test('an engine that answers', async () => {
  assert.deepEqual(await said(docker, machineOf()), [
    'ok: 28.1.1, filters with iptables, 0 containers with published ports',
  ]);
});

test('no engine, and one that is not to be asked', async () => {
  const without = machineOf({ docker: async () => null });
  assert.deepEqual(await said(docker, without), ['ok: no engine at /var/run/docker.sock']);
  const unmounted = machineOf({ docker: async () => null, container: true });
  assert.match((await said(docker, unmounted)).join(), /^warning: no engine at .* in this container/);
  assert.match(await remedies(docker, unmounted), /- \/run:\/run[\s\S]*BAILIFF_DOCKER=off/);
  const off = machineOf({ docker: async () => null, settings: { ...settings, docker: false } });
  assert.deepEqual(await said(docker, off), ['ok: not asked (docker: off)']);
  const unknown = machineOf({ docker: async () => null, settings: null });
  assert.deepEqual(await said(docker, unknown), ['not made: the configuration is not valid']);
});

test('one that does not answer', async () => {
  const error = new BailiffError('docker-unreachable', 'EACCES', { where: '/x.sock', remedy: 'Mount it.' });
  const machine = machineOf({ docker: async () => error });
  assert.deepEqual(await said(docker, machine), ['problem: /x.sock does not answer: EACCES']);
  assert.equal(await remedies(docker, machine), 'Mount it.');
});

test('what hides clients, and what is too old', async () => {
  const machine = machineWith({ rootless: true, swarm: true, version: '19.03.15' });
  assert.deepEqual(
    (await said(docker, machine)).slice(1).map((text) => /^warning: (.{20})/.exec(text)?.[1]),
    ['the engine runs root', 'Swarm publishes port', 'Docker 19.03.15 is o'],
  );
  assert.match(await remedies(docker, machine), /PORT_DRIVER=slirp4netns[\s\S]*mode: host/);
  assert.equal((await said(docker, machineWith({ version: '20.10.24+dfsg1' }))).length, 1);
  assert.equal((await said(docker, machineWith({ version: '' }))).length, 1);
});
