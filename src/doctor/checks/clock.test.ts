import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { healthy, machineOf, noDaemon, remedies, said, settings } from '../../../test/setup/machine.ts';
import { sourceOf } from '../../../test/setup/machine-status.ts';
import { skewWarning } from '../../app/skew-warning.ts';
import { clock } from './clock.ts';

const inParis = { 'etc/timezone': 'Europe/Paris\n' };

test('the same hour here and on the host, whatever the zone is called', async () => {
  assert.deepEqual(await said(clock, machineOf({ timeZone: 'Europe/Berlin' }, inParis)), [
    'ok: zone Europe/Berlin',
  ]);
  assert.deepEqual(await said(clock, machineOf()), ['ok: zone UTC'], 'a host that does not say');
  assert.deepEqual(await said(clock, machineOf({ hostRoot: null })), ['ok: zone UTC']);
});

test('another hour, with the line that puts it right', async () => {
  const machine = machineOf({ daemon: noDaemon }, inParis);
  assert.deepEqual(await said(clock, machine), [
    "warning: the host's zone is Europe/Paris, and dates without one are read here as UTC",
  ]);
  assert.match(
    await remedies(clock, machine),
    /BAILIFF_TIME_ZONE=Europe\/Paris[\s\S]*\/etc\/localtime:\/etc\/localtime:ro/,
  );
  const set = machineOf({ settings: { ...settings, timeZone: 'Europe/Paris' } }, inParis);
  assert.deepEqual(await said(clock, set), ['ok: zone Europe/Paris']);
});

test('the host says its zone by a link, which wins over an old file', async () => {
  const machine = machineOf({}, inParis);
  symlinkSync('/usr/share/zoneinfo/Asia/Tokyo', join(machine.root, 'etc/localtime'));
  assert.match((await said(clock, machine)).join(), /the host's zone is Asia\/Tokyo/);
});

test('a zone that there is not is none', async () => {
  assert.deepEqual(await said(clock, machineOf({}, { 'etc/timezone': 'Mars/Olympus\n' })), ['ok: zone UTC']);
});

test('a container without a zone', async () => {
  const machine = machineOf({ container: true, hostRoot: null });
  assert.match((await said(clock, machine)).join(), /^warning: this container has no zone of its own/);
  assert.match(await remedies(clock, machine), /localtime:ro[\s\S]*BAILIFF_TIME_ZONE=ZONE/);
  const mounted = machineOf({ container: true, hostRoot: null }, { 'etc/localtime': 'TZif' });
  assert.deepEqual(await said(clock, mounted), ['ok: zone UTC']);
});

test('logs whose dates are off', async () => {
  const zone = skewWarning(3_600, 'UTC', 4_600);
  const wrong = skewWarning(77, 'UTC', 4_600);
  const daemon = {
    ...healthy,
    sources: [
      sourceOf({ warning: `lines may be missing; ${zone}` }),
      sourceOf({ id: 'journal', warning: wrong }),
    ],
  };
  const machine = machineOf({ daemon });
  assert.deepEqual(await said(clock, machine), [
    `warning: file:/var/log/auth.log: ${zone}`,
    `warning: journal: ${wrong}`,
  ]);
  assert.equal(
    await remedies(clock, machine),
    'jails.sshd.time-zone: "-01:00" in bailiff.yaml\ntimedatectl set-ntp true, where the log is written',
  );
});
