import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Status, WhyAnswer } from '../../src/control/protocol.ts';
import { type Answer, request, shutOut } from './testbed/attacker.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { Firewall } from './testbed/firewall.ts';
import { cannotRun } from './testbed/requirements.ts';
import { hostPort, openTestbed, type Testbed } from './testbed/testbed.ts';
import { Web, webPort } from './testbed/web.ts';

describe('how bans are enforced on a Docker host', { timeout: 600_000, skip: cannotRun() }, () => {
  let testbed: Testbed;
  let firewall: Firewall;
  let bailiff: Daemon;
  before(async () => {
    testbed = await openTestbed();
    await Web.start(testbed);
    firewall = new Firewall(testbed.network.host);
    bailiff = new Daemon(testbed.workplace, testbed.network.host, {});
    await bailiff.start();
    await bailiff.untilReading('docker:');
  });
  after(() => testbed?.close());

  /** What an attacker meets: the web site's port, another one, and the host's own. */
  async function meets(from: number, family: 4 | 6 = 4): Promise<Answer[]> {
    const ask = (port: number) => request(testbed.network, { from, family, port, patience: shutOut });
    return Promise.all([ask(webPort), ask(otherPort), ask(hostPort)]);
  }
  const otherPort = 8090;
  const answered: Answer[] = [401, 'refused', 200];

  async function guess(from: number, port = webPort): Promise<void> {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await request(testbed.network, { from, port, user: 'member:guess', patience: shutOut });
    }
    const address = testbed.network.attacker(from);
    await eventually(`${address} is banned`, async () => (await bailiff.bannedAddresses()).includes(address));
  }

  async function recreate(labels: Record<string, string>, ports: readonly string[]): Promise<void> {
    const { engine } = testbed;
    const { Binds } = JSON.parse(
      await engine.docker('inspect', '--format', '{{json .HostConfig}}', 'web_web_1').catch(() => saved),
    ) as { Binds: string[] };
    saved = JSON.stringify({ Binds });
    for (const name of ['web_web_1', 'web']) await engine.docker('rm', '--force', name).catch(() => '');
    const args = [
      ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...ports.flatMap((port) => ['--publish', port]),
      ...Binds.flatMap((bind) => ['--volume', bind]),
    ];
    await engine.docker('run', '--detach', '--name', 'web', ...args, 'nginx:stable');
    await bailiff.untilReading('docker:web');
  }
  let saved = '';

  async function jail(name: string): Promise<Status['jails'][number] | undefined> {
    return (await bailiff.status()).jails.find((each) => each.name === name);
  }

  it('every hook of both families is read back, the one that a packet can prove is verified', async () => {
    const { enforcement, ready } = await bailiff.status();
    assert.equal(ready, true);
    assert.equal(enforcement.backend, 'iptables');
    assert.match(enforcement.detail, /Docker's rules are in iptables-nft/);
    assert.deepEqual(
      enforcement.hooks.map(({ family, name, ok, verified }) => `${family} ${name} ${ok} ${verified}`),
      [
        '4 INPUT true true',
        '4 FORWARD > DOCKER-USER true false',
        '4 raw/PREROUTING true false',
        '6 INPUT true false',
        '6 FORWARD > DOCKER-USER true false',
        '6 raw/PREROUTING true false',
      ],
    );
    assert.deepEqual(enforcement.gaps, []);
  });

  it('`ports: published` shuts what the container publishes, and follows it to another port', async () => {
    const labels = {
      'bailiff.jails': 'nginx-http-auth',
      'bailiff.jail.nginx-http-auth.ports': 'published',
    };
    await recreate(labels, [`${webPort}:80`]);
    await eventually(
      'its port is known',
      async () => (await jail('nginx-http-auth@web'))?.ports === '8080/tcp',
    );
    await guess(1);
    await eventually('it is shut out', async () => (await meets(1))[0] === 'timeout');
    assert.deepEqual(await meets(1), ['timeout', 'refused', 200]);
    assert.deepEqual(await meets(2), answered);
    await recreate(labels, [`${otherPort}:80`]);
    await eventually(
      'its new port is known',
      async () => (await jail('nginx-http-auth@web'))?.ports === '8090/tcp',
    );
    await eventually('it is shut out there', async () => (await meets(1))[1] === 'timeout');
    assert.deepEqual(await meets(1), ['refused', 'timeout', 200]);
    assert.deepEqual(await meets(2), ['refused', 401, 200]);
    await testbed.engine.docker('rm', '--force', 'web');
    await eventually('its jail, which its ban alone keeps, is no reason to worry', async () => {
      const { sources, warnings } = await bailiff.status();
      const isRead = sources.some(({ id }) => id === 'docker:web');
      return !isRead && !warnings.some((warning) => warning.startsWith('jail nginx-http-auth@web'));
    });
    assert.notEqual(await jail('nginx-http-auth@web'), undefined);
    await bailiff.json('unban', '--all');
    await recreate({ 'bailiff.jails': 'nginx-http-auth' }, [`${webPort}:80`]);
  });

  it('a ban by hand can be a trial that undoes itself, and --force bans what is protected but never the host', async () => {
    const address = testbed.network.attacker(3);
    const trial = (await bailiff.json('ban', address, '--for', '1h', '--confirm', '3s')) as {
      confirm: string;
    };
    assert.equal(trial.confirm, `bailiff ban ${address} --for 1h`);
    assert.deepEqual(await meets(3), ['timeout', 'timeout', 'timeout']);
    await eventually('it undid itself', async () => (await meets(3))[2] === 200);
    await bailiff.json('ban', address, '--for', '1h', '--confirm', '60s');
    await bailiff.json('ban', address, '--for', '1h');
    const [ban] = await bailiff.banned();
    assert.ok(ban?.until !== null && Number(ban?.until) > Date.now() / 1000 + 3_000);
    assert.deepEqual(Object.keys(ban ?? {}), ['address', 'jail', 'since', 'until', 'hits']);
    await bailiff.json('unban', address);

    const gateway = '198.18.0.2';
    await assert.rejects(bailiff.json('ban', gateway), /the default gateway/);
    await assert.rejects(bailiff.json('ban', '--force', '198.18.0.1'), /an own address/);
    await assert.rejects(bailiff.json('ban', '--force', '127.0.0.0/8'), /loopback/);
    const neighbour = '198.18.0.77';
    await bailiff.json('ban', '--force', neighbour);
    await bailiff.json('unban', neighbour);
  });

  it('goes over to nftables and back with its bans, and leaves nothing of the other behind', async () => {
    await bailiff.json('ban', testbed.network.attacker(4), '--for', '1h');
    await bailiff.json('ban', '2001:db8:100:4::/64', '--for', '1h');
    for (const [backend, gone] of [
      ['nftables', ['iptables-nft-save', 'ip6tables-nft-save', 'ipset save']],
      ['iptables', ['nft list tables']],
    ] as const) {
      await bailiff.stop();
      bailiff = new Daemon(testbed.workplace, testbed.network.host, { BAILIFF_ENFORCE: backend });
      await bailiff.start();
      assert.equal((await bailiff.status()).enforcement.backend, backend);
      for (const family of [4, 6] as const) {
        assert.deepEqual(await meets(4, family), ['timeout', 'timeout', 'timeout']);
        assert.deepEqual(await meets(5, family), answered);
        const [own, other] = (await Promise.all(
          [4, 5].map((from) => bailiff.json('why', testbed.network.attacker(from, family))),
        )) as [WhyAnswer, WhyAnswer];
        assert.deepEqual([other.bans, other.dropsUnknown], [[], null]);
        assert.ok((own.bans[0]?.dropped?.packets ?? 0) >= 3, JSON.stringify(own));
      }
      for (const command of gone) {
        const [program = '', ...args] = command.split(' ');
        await eventually(`${command} shows nothing of ours`, async () => {
          return !/bailiff/i.test(await firewall.do(program, ...args));
        });
      }
    }
  });

  it('`teardown` leaves no trace, beside a running daemon and without one; a restart brings the bans back', async () => {
    const clean = async () => assert.deepEqual(await firewall.whoShowsOurs(), []);
    assert.deepEqual(await bailiff.json('teardown'), { removed: ['iptables'], problems: [] });
    await clean();
    assert.deepEqual(await meets(4), answered);
    const { ready, problems } = await bailiff.status();
    assert.equal(ready, false);
    assert.match(problems.join(), /torn down/);
    await bailiff.stop();
    await bailiff.start();
    assert.deepEqual(await meets(4), ['timeout', 'timeout', 'timeout']);
    await bailiff.stop('SIGKILL');
    assert.deepEqual(await meets(4), ['timeout', 'timeout', 'timeout'], 'bans stand without a daemon');
    assert.deepEqual(await bailiff.json('teardown'), { removed: ['iptables'], problems: [] });
    await clean();
    assert.deepEqual(await bailiff.json('teardown'), { removed: [], problems: [] });
    await bailiff.start();
  });

  it('metrics say of each hook and family whether it holds, and what was dropped', async () => {
    await meets(4);
    const metrics = await eventually(
      'packets are counted',
      async () => {
        const text = await firewall.do('curl', '--silent', 'http://127.0.0.1:9798/metrics');
        return /bailiff_dropped_packets_total\{hook="raw\/PREROUTING",family="ipv4"\} [1-9]/.test(text)
          ? text
          : undefined;
      },
      60,
    );
    assert.match(metrics, /bailiff_enforcement_in_place\{hook="FORWARD > DOCKER-USER",family="ipv6"\} 1/);
    assert.match(metrics, /bailiff_enforcement_verified\{hook="INPUT",family="ipv4"\} 1/);
    assert.match(metrics, /bailiff_dropped_bytes_total\{hook="raw\/PREROUTING",family="ipv4"\} [1-9]/);
  });
});
