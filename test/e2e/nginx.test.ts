import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KubernetesApi } from '../../src/config/kubernetes-api.ts';
import { manifests } from '../setup/helm.ts';
import { nodeOf, podOf } from '../setup/kubernetes-api.ts';
import { type Request, request, shutOut } from './testbed/attacker.ts';
import { eventually, inside, run } from './testbed/command.ts';
import { ComposedBailiff } from './testbed/composed.ts';
import { Firewall } from './testbed/firewall.ts';
import { repository, revision } from './testbed/image-recipes.ts';
import { NodePod } from './testbed/node-pod.ts';
import { PodLog } from './testbed/pod-logs.ts';
import { cannotRun } from './testbed/requirements.ts';
import { hostPort, openTestbed, type Testbed } from './testbed/testbed.ts';
import { rightPassword, Web, webPort } from './testbed/web.ts';

const maxretry = 5;
const wrongPassword = 'member:guess';

describe('a published nginx, protected by the image started from compose.yaml', {
  timeout: 600_000,
  skip: cannotRun(),
}, () => {
  let testbed: Testbed;
  let web: Web;
  let bailiff: ComposedBailiff;
  before(async () => {
    testbed = await openTestbed();
    web = await Web.start(testbed);
    bailiff = new ComposedBailiff(testbed);
    await bailiff.up({ BAILIFF_BANTIME: '12s' });
    await untilWatched();
  });
  after(() => testbed?.close());

  const ask = (what: Omit<Request, 'port'>, port = webPort) => request(testbed.network, { ...what, port });

  async function untilWatched(): Promise<void> {
    await eventually('Bailiff reads the container', async () => {
      const { sources } = await bailiff.status();
      return sources.some(({ id, state }) => id.startsWith('docker:') && state === 'reading');
    });
  }

  /** Wrong passwords until the address no longer gets an answer, and checks that it took `maxretry`. */
  async function attack(from: number, family: 4 | 6 = 4): Promise<void> {
    for (let attempt = 1; attempt <= maxretry; attempt++) {
      assert.equal(await ask({ from, family, user: wrongPassword }), 401, `attempt ${attempt} is answered`);
    }
    await eventually('the attacker is banned', async () => {
      const wanted = testbed.network.attacker(from, family).replace(/::1$/, '::/64');
      return (await bailiff.banned()).some(({ address }) => address === wanted);
    });
  }

  async function assertShutOut(from: number, family: 4 | 6 = 4): Promise<void> {
    const patience = shutOut;
    assert.equal(await ask({ from, family, user: rightPassword, patience }), 'timeout', 'published port');
    // A label shuts those of its container; after a start, until the engine has told which they are, all.
    await eventually("the host's own port is open", async () => {
      return (await ask({ from, family, patience }, hostPort)) === 200;
    });
  }

  async function assertLetIn(from: number, family: 4 | 6 = 4): Promise<void> {
    assert.equal(await ask({ from, family, user: rightPassword }), 200, 'published port');
    assert.equal(await ask({ from, family }, hostPort), 200, "host's own port");
  }

  async function assertBannedForAWhile(family: 4 | 6): Promise<void> {
    await assertLetIn(1, family);
    await attack(1, family);
    await assertShutOut(1, family);
    await assertLetIn(2, family);
    const free = async () => (await ask({ from: 1, family, user: rightPassword, patience: 1 })) === 200;
    await eventually('the ban is over', free, 30);
    await assertLetIn(1, family);
  }

  it('shuts out over IPv4 and IPv6, for the ban time, the address that failed five times and no other', async () => {
    await Promise.all([assertBannedForAWhile(4), assertBannedForAWhile(6)]);
    await eventually('the bans have left the list', async () => (await bailiff.banned()).length === 0);
  });

  it('keeps a ban while the protected container and Bailiff itself restart, and goes on reading both times', async () => {
    await bailiff.up({ BAILIFF_BANTIME: '1h' });
    await untilWatched();
    await attack(10);
    await web.restart();
    await assertShutOut(10);
    await eventually('the new run of the container is read', async () => {
      await ask({ from: 11, user: wrongPassword, patience: 1 });
      return (await ask({ from: 11, user: wrongPassword, patience: 1 })) === 'timeout';
    });

    const before = await bailiff.banned();
    await bailiff.stop();
    await assertShutOut(10);
    await bailiff.start();
    await assertShutOut(10);
    assert.deepEqual(await bailiff.banned(), before);
    await untilWatched();
    await attack(12);
  });

  it('never bans an address that an attacker wrote into a user name, a header or a path', async () => {
    const victim = testbed.network.attacker(50);
    const claim = `client: ${victim}, server: _, request: "GET / HTTP/1.1", host: "x"`;
    // A user name ends at its first colon. The error log quotes a referrer as it came.
    const users = [victim, `x" was not found in "/etc/nginx/htpasswd", client ${victim}, server _`, 'member'];
    const headers = [`User-Agent: x", ${claim}`, `Referer: x", ${claim}`, `X-Forwarded-For: ${victim}`];
    const path = `/?",${claim.replaceAll(' ', '')}`;
    const guess = async (user: string, index: number): Promise<void> => {
      for (let attempt = 1; attempt <= maxretry + 2; attempt++) {
        await ask({ from: 20 + index, user: `${user}:guess`, headers, path, patience: 1 });
      }
    };
    await Promise.all(users.map(guess));
    // It did reach the lines that are judged.
    assert.match(await web.log(), new RegExp(`password mismatch, client: .*client: ${victim}, server`));
    await attack(30);
    const addresses = (await bailiff.banned()).map(({ address }) => address);
    assert.ok(!addresses.includes(victim), `${victim} is not banned`);
    await assertLetIn(50);
  });

  it('the older tools of the host list what the image wrote, under either packet filter', async (t) => {
    const firewall = new Firewall(testbed.network.host);
    const list = async (): Promise<string> => {
      const listed: string[] = [];
      for (const [program, ...args] of [
        ['nft', 'list', 'ruleset'],
        ['nft', '--json', 'list', 'ruleset'],
        ['iptables-save'],
        ['ip6tables-save'],
        ['ipset', 'save'],
      ] as const) {
        listed.push(await firewall.do(program, ...args));
      }
      return listed.join('\n');
    };
    t.diagnostic(
      `the host has ${await firewall.do('nft', '--version')}, ${await firewall.do('iptables', '-V')}`,
    );
    t.diagnostic(
      `the image has ${await bailiff.tool('nft', '--version')}, ${await bailiff.tool('iptables', '-V')}`,
    );
    for (const [backend, number] of [
      ['nftables', 40],
      ['iptables', 41],
    ] as const) {
      for (const [action, ports] of [
        ['reject', '80/tcp,1000-2000/udp'],
        ['log', 'published'],
        ['reject', 'all'],
      ] as const) {
        await bailiff.up({ BAILIFF_ENFORCE: backend, BAILIFF_ACTION: action, BAILIFF_PORTS: ports });
        assert.match(await list(), action === 'log' ? /log.prefix/i : /reject/i);
      }
      await bailiff.up({ BAILIFF_BANTIME: '1h', BAILIFF_ENFORCE: backend });
      await untilWatched();
      await attack(number);
      await assertShutOut(number);
      await assertLetIn(42);
      assert.equal((await bailiff.status()).enforcement.backend, backend);
      assert.ok((await list()).includes(testbed.network.attacker(number)), backend);
    }
  });

  it('is healthy by its own check', async () => {
    await eventually('the health check passed', async () => (await bailiff.health()) === 'healthy', 60);
  });

  it('has a doctor of its own, which finds nothing wrong', async () => {
    // The jail of SSH has a log to read.
    writeFileSync(join(testbed.workplace.makeDirectory('log'), 'auth.log'), '');
    await eventually("the host's log is read", async () =>
      (await bailiff.status()).sources.some(
        ({ id, state }) => id === 'file:/var/log/auth.log' && state === 'reading',
      ),
    );
    const { ok, daemon, checks } = JSON.parse(await bailiff.tool('bailiff', 'doctor', '--json')) as {
      ok: boolean;
      daemon: boolean;
      checks: { name: string; notMade: string | null; findings: { level: string; text: string }[] }[];
    };
    assert.deepEqual({ ok, daemon }, { ok: true, daemon: true });
    for (const name of ['daemon', 'capabilities', 'packet-filter', 'docker', 'hooks', 'bans', 'sources']) {
      const check = checks.find((each) => each.name === name);
      assert.deepEqual(
        [check?.notMade, check?.findings.filter(({ level }) => level !== 'ok')],
        [null, []],
        name,
      );
    }
  });

  it('says of what it is made, to people and to scanners, and holds nothing that is not used', async () => {
    const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    const inspect = ['image', 'inspect', '--format', '{{json .Config.Labels}}', 'bailiff'];
    assert.deepEqual(JSON.parse(await testbed.engine.docker(...inspect)), {
      'org.opencontainers.image.title': 'Bailiff',
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.base.name': 'docker.io/library/node:24-trixie-slim',
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.revision': revision,
    });
    const made = JSON.parse(await bailiff.tool('bailiff', 'version', '--json'));
    await run('sh', [join(repository, 'scripts/build')]);
    const built = readFileSync(join(repository, 'dist/current'), 'utf8').trim();
    // The same source gives the same build, here and in the image.
    assert.deepEqual([made.version, made.revision, made.build], [manifest.version, revision, built]);
    const bill = JSON.parse(await bailiff.tool('cat', `/opt/bailiff/dist/${built}/sbom.cdx.json`));
    assert.ok(bill.components.some(({ name }: { name: string }) => name === 'dockerode'));
    assert.match(await bailiff.tool('dpkg-query', '--show', 'ipset'), /^ipset\t\d/);
    const unused = ['-type', 'f', '-perm', '/6000', '-o', '-name', 'node_modules', '-o', '-name', 'npm'];
    assert.equal(await bailiff.tool('find', '/', '-xdev', ...unused), '');
  });

  it("runs as the chart's pod on a node, and bans for a pod that asks by annotation", async () => {
    await bailiff.remove();
    const { host } = testbed.network;
    const file = testbed.workplace.path('api.json');
    const objects = {
      nodes: [nodeOf('node-1', '10.0.0.7', '10.244.1.0/24')],
      pods: [podOf('ssh-a', { 'bailiff.jails': 'sshd', 'bailiff.jail.sshd.maxretry': '3' })],
    };
    const driver = join(import.meta.dirname, 'testbed/kubernetes-api-driver.ts');
    testbed.workplace.start('api', process.execPath, [driver, file, JSON.stringify(objects)], {
      namespace: host,
    });
    await eventually('the API answers', () => existsSync(file));
    const { node, server, serviceAccount } = JSON.parse(readFileSync(file, 'utf8')) as KubernetesApi;
    const values = { config: { defaults: { bantime: '1h' } } };
    const pod = new NodePod(testbed, await manifests(values), { node, serviceAccount, api: new URL(server) });
    await pod.start();
    const directories = {
      containers: pod.path('/var/log/containers'),
      pods: pod.path('/var/log/pods'),
      seen: '/var/log/pods',
    };
    for (const directory of [directories.containers, directories.pods])
      mkdirSync(directory, { recursive: true });
    await pod.untilReady();
    for (const probe of pod.probes)
      assert.equal(
        await run(
          ...inside(host, 'curl', [
            '--silent',
            '--write-out',
            '%{http_code}',
            '--output',
            '/dev/null',
            probe,
          ]),
        ),
        '200',
        probe,
      );
    const log = new PodLog(directories, 'shop/ssh-a/main');
    await eventually('the log is read', async () =>
      (await pod.status()).sources.some(
        ({ id, state }) => id.startsWith('kubernetes:shop/ssh-a/') && state === 'reading',
      ),
    );
    await assertLetIn(60);
    const attacker = testbed.network.attacker(60);
    for (let attempt = 1; attempt <= 3; attempt++)
      log.entry('stderr', 'F', `Failed password for root from ${attacker} port 40000 ssh2`);
    await eventually('the attacker is banned', async () =>
      (await pod.banned()).some(({ address, jail }) => address === attacker && jail === 'sshd@shop/ssh/main'),
    );
    // By which ports pods are reached nobody knows: all are shut.
    for (const port of [undefined, hostPort])
      await eventually('the attacker gets no answer', async () => {
        return (await ask({ from: 60, user: rightPassword, patience: shutOut }, port)) === 'timeout';
      });
    await assertLetIn(61);
    assert.equal((await pod.status()).enforcement.state, 'enforcing');
    assert.ok(existsSync(pod.path('/var/lib/bailiff/bailiff.db')), 'its state lies on the node');
    await pod.remove();
  });
});
