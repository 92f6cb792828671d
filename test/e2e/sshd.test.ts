import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { request, shutOut, wrongPassword } from './testbed/attacker.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { Machine } from './testbed/machine.ts';
import { cannotRun } from './testbed/requirements.ts';
import { sshPort, startSshServer } from './testbed/ssh-server.ts';
import { hostPort, openTestbed, type Testbed } from './testbed/testbed.ts';
import { Web, webPort } from './testbed/web.ts';

describe("a real sshd on the Docker host, its log in rsyslog's file", {
  timeout: 600_000,
  skip: cannotRun(),
}, () => {
  let testbed: Testbed;
  let log: string;
  let bailiff: Daemon;
  before(async () => {
    testbed = await openTestbed();
    await Web.start(testbed);
    const machine = await Machine.boot(testbed.workplace, testbed.network.host);
    await startSshServer(machine, 'UsePAM no', 'PermitRootLogin yes');
    log = machine.log('auth.log');
    bailiff = new Daemon(testbed.workplace, testbed.network.host, {
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: log,
      BAILIFF_JAIL_SSHD_MAXRETRY: '3',
    });
    await bailiff.start();
  });
  after(() => testbed?.close());

  it('wrong passwords lead to a ban that holds for the host and for published ports', async () => {
    const { network } = testbed;
    for (const user of ['root', 'admin', 'root']) await wrongPassword(network, 1, sshPort, user);
    assert.match(
      readFileSync(log, 'utf8'),
      /sshd\[\d+\]: Failed password for root from 198\.18\.100\.1 port/,
    );

    const ban = await eventually('the attacker is banned', async () => (await bailiff.banned())[0]);
    assert.equal(ban.address, network.attacker(1));
    assert.equal(ban.jail, 'sshd');
    for (const port of [sshPort, hostPort, webPort]) {
      assert.equal(await request(network, { from: 1, port, patience: shutOut }), 'timeout', `port ${port}`);
    }
    assert.equal(await request(network, { from: 2, port: hostPort }), 200);
    assert.equal(await request(network, { from: 2, port: webPort }), 401);
  });

  it('unban lets it in again at once', async () => {
    await bailiff.json('unban', testbed.network.attacker(1));
    assert.equal(await request(testbed.network, { from: 1, port: hostPort }), 200);
    assert.equal(await request(testbed.network, { from: 1, port: webPort }), 401);
  });
});
