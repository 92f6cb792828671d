import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineOf, remedies, said, settings } from '../../../test/setup/machine.ts';
import type { Machine } from '../machine.ts';
import { capabilities } from './capabilities.ts';

const machineWith = (effective: string, given: Partial<Machine> = {}) =>
  machineOf(given, { 'proc/self/status': `Name:\tnode\nCapPrm:\t0\nCapEff:\t${effective}\n` });

test('all that is needed is there: as the image has it, and as root', async () => {
  for (const effective of ['0000000000003004', '000001ffffffffff']) {
    assert.deepEqual(await said(capabilities, machineWith(effective)), [
      'ok: NET_ADMIN, NET_RAW, DAC_READ_SEARCH',
    ]);
  }
});

test('DAC_OVERRIDE reads as well', async () => {
  assert.deepEqual(await said(capabilities, machineWith('0000000000003002')), [
    'ok: NET_ADMIN, NET_RAW, DAC_READ_SEARCH',
  ]);
});

test('what is missing, with the line to change', async () => {
  const machine = machineWith('0000000000000000', { container: true });
  assert.deepEqual(await said(capabilities, machine), [
    'problem: NET_ADMIN is missing: the packet filter cannot be changed',
    'warning: NET_RAW is missing: iptables-legacy cannot be used',
    'warning: DAC_READ_SEARCH is missing: logs that only their owner may read stay unread',
  ]);
  assert.match(await remedies(capabilities, machine), /cap_add: \[NET_ADMIN, NET_RAW, DAC_READ_SEARCH\]/);
  assert.match(await remedies(capabilities, machineWith('0', { user: 1_000 })), /sudo bailiff doctor/);
  assert.match(await remedies(capabilities, machineWith('0')), /CapabilityBoundingSet=/);
});

test('a dry run needs no packet filter', async () => {
  const machine = machineWith('0000000000002004', { settings: { ...settings, enforce: 'dry-run' } });
  assert.match((await said(capabilities, machine)).join(), /^warning: NET_ADMIN/);
});

test('where the kernel does not say', async () => {
  assert.deepEqual(await said(capabilities, machineOf()), ['not made: /proc/self/status cannot be read']);
});
