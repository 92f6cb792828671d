import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said } from '../../../test/setup/machine.ts';
import { labels } from './labels.ts';

test('labels that are heeded, and one that is not', async () => {
  assert.deepEqual(await said(labels, machineOf()), ['ok: none is wrong']);
  const error = {
    code: 'config-unknown-key',
    where: 'web, bailiff.jial',
    message: 'no such label',
    remedy: 'Did you mean bailiff.jail?',
  };
  const machine = machineOf({
    daemon: { ...healthy, labels: [{ container: 'web', errors: [error], notes: [] }] },
  });
  assert.deepEqual(await said(labels, machine), ['warning: web, bailiff.jial: no such label']);
  assert.equal(await remedies(labels, machine), 'Did you mean bailiff.jail?');
});

test('without the daemon nobody knows', async () => {
  assert.deepEqual(await said(labels, machineOf({ daemon: noDaemon })), [
    'not made: the daemon does not answer',
  ]);
});
