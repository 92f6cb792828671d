import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineOf, remedies, said } from '../../../test/setup/machine.ts';
import { configuration } from './configuration.ts';

test('a valid configuration, and one that is not', async () => {
  assert.deepEqual(await said(configuration, machineOf()), ['ok: valid']);
  const machine = machineOf({ settings: null, configurationErrors: ['bailiff.yaml:3:1: no such key'] });
  assert.deepEqual(await said(configuration, machine), ['problem: bailiff.yaml:3:1: no such key']);
  assert.equal(await remedies(configuration, machine), 'bailiff check');
});
