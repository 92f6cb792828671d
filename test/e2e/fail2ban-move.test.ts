import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request, shutOut } from './testbed/attacker.ts';
import { eventually, inside, run } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { createNetwork, type Network } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

/** As its administrator has it; the one that runs here takes no action, so that it is Bailiff who shuts out. */
const jails = (action: string) => `[DEFAULT]
enabled = true
backend = polling
filter = bad
bantime = 1h
logpath = FOLDER/none.log
action = ${action}
[door]
port = 22
ignoreip = 198.18.100.9
[window]
`;
const shut = 'iptables-multiport[port="%(port)s", protocol=tcp, blocktype=DROP]\nport = 0:65535';

describe('the move from a fail2ban that runs', { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let network: Network;
  let bailiff: Daemon;
  let folder: string;
  const fail2ban = (...words: string[]) =>
    run(
      ...inside(network.host, 'fail2ban-client', [
        ...['-c', join(folder, 'conf'), '-s', join(folder, 'sock'), '-p', join(folder, 'pid')],
        ...words,
      ]),
    );
  const meets = (from: number, port: number, family: 4 | 6 = 4) =>
    request(network, { from, family, port, patience: shutOut });

  before(async () => {
    workplace = await Workplace.open();
    network = await createNetwork(workplace);
    folder = workplace.makeDirectory('fail2ban');
    const files = {
      'none.log': '',
      'conf/fail2ban.conf':
        '[DEFAULT]\nloglevel = INFO\nlogtarget = FOLDER/log\nsyslogsocket = auto\nsocket = FOLDER/sock\npidfile = FOLDER/pid\ndbfile = FOLDER/db\ndbpurgeage = 1d\ndbmaxmatches = 10\nallowipv6 = auto\n[Definition]\n',
      'conf/filter.d/bad.conf': '[Definition]\nfailregex = ^ bad <HOST>$\n',
      'conf/jail.conf': jails(''),
    };
    cpSync('/etc/fail2ban/action.d', join(folder, 'own/action.d'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text.replaceAll('FOLDER', folder));
    }
    for (const name of ['fail2ban.conf', 'filter.d/bad.conf']) {
      cpSync(join(folder, 'conf', name), join(folder, 'own', name));
    }
    writeFileSync(join(folder, 'own/jail.conf'), jails(shut).replaceAll('FOLDER', folder));
    await fail2ban('start');
    await fail2ban('set', 'door', 'banip', network.attacker(1), network.attacker(9));
    await fail2ban('set', 'window', 'banip', network.attacker(2, 6));
  });
  after(async () => {
    await fail2ban('stop').catch(() => '');
    await workplace?.close();
  });

  it('its configuration is written as ours', async () => {
    const config = workplace.path('bailiff.yaml');
    bailiff = new Daemon(workplace, network.host, { BAILIFF_CONFIG: config });
    const written = await bailiff.json('import', join(folder, 'own'), '--output', config);
    assert.deepEqual((written as { jails: string[] }).jails, ['door', 'window']);
    await bailiff.start();
    const { jails } = await eventually('Bailiff enforces', async () => {
      const status = await bailiff.status();
      return status.enforcement.state === 'enforcing' && status;
    });
    assert.deepEqual(
      jails.map(({ name, ports }) => `${name} ${ports}`),
      ['door 22/tcp', 'window all'],
    );
  });

  it('whom it has banned is shut out, but for whom the owner ignores', async () => {
    assert.deepEqual([await meets(1, 22), await meets(2, 4242, 6)], ['refused', 'refused']);
    const report = (await bailiff.json('import', 'bans', join(folder, 'db'))) as Record<string, unknown>;
    assert.deepEqual(
      [report['imported'], report['already'], report['protected'], report['state'], report['unknownJails']],
      [2, 0, 1, 'enforcing', {}],
    );
    assert.deepEqual(
      [await meets(1, 22), await meets(1, 4242), await meets(2, 4242, 6), await meets(9, 22)],
      ['timeout', 'refused', 'timeout', 'refused'],
    );
  });

  it('to do it again, also after fail2ban has stopped, changes nothing', async () => {
    await fail2ban('stop');
    const before = await bailiff.banned();
    const report = (await bailiff.json('import', 'bans', join(folder, 'db'))) as Record<string, unknown>;
    assert.deepEqual([report['imported'], report['already']], [0, 2]);
    assert.deepEqual(await bailiff.banned(), before);
  });
});
