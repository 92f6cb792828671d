import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { request, shutOut } from './testbed/attacker.ts';
import { eventually, inside, run } from './testbed/command.ts';
import { ComposedBailiff } from './testbed/composed.ts';
import { repository } from './testbed/image-recipes.ts';
import { cannotRun } from './testbed/requirements.ts';
import { hostPort, openTestbed, type Testbed } from './testbed/testbed.ts';
import { Web, webPort } from './testbed/web.ts';

/** One example's services, as docker-compose reads them. */
type Services = Readonly<
  Record<
    string,
    {
      image: string;
      labels?: Record<string, string>;
      ports?: readonly unknown[];
    }
  >
>;

/** Of each example: the service that stands in for the real one, and what that logs when somebody guesses a password. */
const standIns: Readonly<
  Record<
    string,
    {
      readonly service: string;
      readonly jail: string;
      readonly maxretry: number;
      line(address: string, now: Date): string;
    }
  >
> = {
  'traefik-whoami': {
    service: 'traefik',
    jail: 'json-http',
    maxretry: 10,
    line: (address, now) =>
      JSON.stringify({
        ClientAddr: `${address}:40112`,
        ClientHost: address,
        ClientUsername: 'member',
        DownstreamStatus: 401,
        RequestMethod: 'GET',
        RequestPath: '/',
        RouterName: 'whoami@docker',
        level: 'info',
        msg: '',
        time: now.toISOString(),
      }),
  },
  vaultwarden: {
    service: 'vaultwarden',
    jail: 'vaultwarden',
    maxretry: 5,
    line: (address, now) =>
      `[${now.toISOString().replace('T', ' ').slice(0, 23)}][vaultwarden::api::identity][ERROR] ` +
      `Username or password is incorrect. Try again. IP: ${address}. Username: alice@example.org.`,
  },
  mail: {
    service: 'mail',
    jail: 'docker-mailserver',
    maxretry: 5,
    line: (address, now) =>
      `${now.toISOString().slice(0, 19)}+00:00 mail postfix/smtps/smtpd[812]: warning: unknown[${address}]: ` +
      'SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=alice@example.org',
  },
};

/** For `node --eval`: what status the engine's socket, or what stands in for it, answers with. */
const question = `const [method, path] = process.argv.slice(1);
require('node:http').request({ socketPath: '/run/docker.sock', method, path }, (answer) => {
  console.log(answer.statusCode);
  process.exit();
}).end();`;

const examples = ['nginx', 'socket-proxy', ...Object.keys(standIns)];

describe('the examples, each as its compose file has it', { timeout: 300_000, skip: cannotRun() }, () => {
  let testbed: Testbed;
  let bailiff: ComposedBailiff;
  let services: ReadonlyMap<string, Services>;

  before(async () => {
    const read = examples.map(async (example) => {
      const file = join(repository, 'examples', example, 'compose.yaml');
      const text = await run('docker-compose', ['--file', file, 'config']);
      return [example, (parse(text) as { services: Services }).services] as const;
    });
    const [opened, entries] = await Promise.all([openTestbed(), Promise.all(read)]);
    testbed = opened;
    services = new Map(entries);
    // Before any container is there: what starts later has to be seen.
    bailiff = new ComposedBailiff(testbed, 'examples/traefik-whoami/compose.yaml');
    await bailiff.up({});
  });
  after(() => testbed?.close());

  const docker = (...args: string[]) => testbed.engine.docker(...args);

  /** A container with the image's name and the labels that a service of an example has, which says nothing by itself. */
  async function standIn(
    name: string,
    image: string,
    labels: Record<string, string>,
    ...options: readonly string[]
  ): Promise<void> {
    await docker('tag', 'nginx:stable', image);
    const given = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    const run = ['run', '--detach', `--name=${name}`, ...given, ...options];
    await docker(...run, '--entrypoint=sleep', image, 'infinity');
  }

  /** An image under the proxy's name that does as it does. */
  async function makeSocketProxy(image: string): Promise<void> {
    const context = testbed.workplace.makeDirectory('socket-proxy');
    const driver = 'socket-proxy-driver.ts';
    for (const file of [driver, 'socket-proxy.ts'])
      cpSync(join(import.meta.dirname, 'testbed', file), join(context, file));
    const steps = ['FROM bailiff', `COPY *.ts ./`, `ENTRYPOINT ["node", "${driver}"]`, 'HEALTHCHECK NONE'];
    writeFileSync(join(context, 'Dockerfile'), `${steps.join('\n')}\n`);
    await docker('build', '--quiet', '--tag', image, context);
  }

  async function log(name: string, line: string, times: number): Promise<void> {
    const script = `for i in $(seq ${times}); do echo "$0"; done > /proc/1/fd/1`;
    await docker('exec', name, 'sh', '-c', script, line);
  }

  async function untilBanned(address: string, jail: string): Promise<void> {
    await eventually(`${jail} bans ${address}`, async () =>
      (await bailiff.banned()).some((ban) => ban.address === address && ban.jail === jail),
    );
  }

  const untilRead = (name: string) =>
    eventually(`${name} is read`, async () =>
      (await bailiff.status()).sources.some(
        ({ id, state }) => id === `docker:${name}` && state === 'reading',
      ),
    );

  describe('with containers that stand in for the services', { concurrency: true }, () => {
    for (const [index, [example, { service, jail, maxretry, line }]] of Object.entries(standIns).entries()) {
      it(`${example}: who guesses passwords at ${service} is banned, and who mistypes twice is not`, async () => {
        const { image = '', labels = {}, ports = [] } = services.get(example)?.[service] ?? {};
        const port = 9_000 + index;
        const network = `--network=${example}`;
        const published = [network, `--publish=${port}:80`];
        await docker('network', 'create', example);
        await standIn(service, image, labels, ...(ports.length > 0 ? published : [network]));
        await untilRead(service);
        // Its clients come by another one that passes them on, here only in name.
        if (ports.length === 0) await standIn(`${example}-proxy`, 'nginx:stable', {}, ...published);
        const shuts = async () =>
          (await bailiff.status()).jails.find(({ name }) => name === `${jail}@${service}`)?.ports;
        await eventually('its ports are known', async () => (await shuts()) === `${port}/tcp`);
        const now = new Date();
        const [attacker, legitimate] = [1, 2].map((each) => testbed.network.attacker(10 * index + each));
        await log(service, line(legitimate ?? '', now), 2);
        await log(service, line(attacker ?? '', now), maxretry);
        await untilBanned(attacker ?? '', `${jail}@${service}`);
        assert.ok(!(await bailiff.banned()).some(({ address }) => address === legitimate));
        const ask = (from: number, port: number, patience: number) =>
          request(testbed.network, { from, port, patience });
        assert.equal(await ask(10 * index + 1, port, shutOut), 'timeout');
        assert.equal(await ask(10 * index + 2, port, 20), 'refused');
        assert.equal(await ask(10 * index + 1, hostPort, 20), 200, 'what is not of the container stays open');
      });
    }
  });

  it('what is wrong with labels is told of that container alone, as long as it is there', async () => {
    await standIn('wrong', 'nginx:stable', {
      'bailiff.jails': 'nosuch',
      'bailiff.jail.sshd.ignoreip': '0.0.0.0/0',
    });
    await standIn('off', 'nginx:stable', { 'bailiff.enable': 'false', 'bailiff.jails': 'nginx-http-auth' });
    await standIn('asks', 'nginx:stable', { 'bailiff.enable': 'true' });
    await untilRead('asks');
    const { labels, warnings, sources, ready } = await bailiff.status();
    assert.deepEqual(
      labels
        .toSorted((a, b) => a.container.localeCompare(b.container))
        .map(({ container, errors }) => [container, errors.map(({ where }) => where)]),
      [
        ['asks', []],
        [
          'wrong',
          [
            'container "wrong", label "bailiff.jail.sshd.ignoreip"',
            'container "wrong", label "bailiff.jails"',
          ],
        ],
      ],
    );
    assert.ok(warnings.some((warning) => /label "bailiff.jails": jail "nosuch": no filter/.test(warning)));
    const notes = labels.flatMap((report) => report.notes);
    assert.match(notes.join(), /left out: .*nginx-http-auth \(forgeable\)/);
    assert.ok(warnings.some((warning) => /^jail [\w-]+@asks shuts no port: /.test(warning)));
    assert.ok(ready, 'it stops nothing');
    assert.ok(!sources.some(({ id }) => id === 'docker:wrong' || id === 'docker:off'));
    const curl = inside(testbed.network.host, 'curl', ['--silent', 'http://127.0.0.1:9798/metrics']);
    assert.match(await run(...curl), /^bailiff_label_errors\{container="wrong"\} 2$/m);
    assert.match(await bailiff.log(), /a label is not heeded|no filter is called/);
    await docker('rm', '--force', 'wrong', 'off', 'asks');
    await eventually('it is told no more', async () => (await bailiff.status()).labels.length === 0);
  });

  it('nginx: the real one, attacked with a client, and Bailiff reads through a proxy of the socket', async () => {
    await bailiff.remove();
    await makeSocketProxy(services.get('socket-proxy')?.['socket-proxy']?.image ?? '');
    bailiff = new ComposedBailiff(testbed, 'examples/socket-proxy/compose.yaml', { 'socket-proxy': {} });
    await bailiff.up({});
    assert.equal(await bailiff.tool('stat', '--format=%U %a', '/run/docker.sock'), 'root 600');
    const asked = (method: string, path: string) => bailiff.tool('node', '--eval', question, method, path);
    assert.equal(await asked('GET', '/containers/json'), '200');
    for (const refused of [
      '/containers/web/top',
      '/images/json',
      '/secrets',
      '/containers/json/../../version',
    ])
      assert.equal(await asked('GET', refused), '403', refused);
    assert.equal(await asked('POST', '/containers/web/stop'), '403');
    const labelsOf = (example: string) => services.get(example)?.['web']?.labels;
    assert.deepEqual(labelsOf('socket-proxy'), labelsOf('nginx'));
    const web = await Web.start(testbed);
    await untilRead(web.name);
    const ask = (from: number, patience: number) =>
      request(testbed.network, { from, port: webPort, user: 'member:guess', patience });
    for (let attempt = 1; attempt <= 5; attempt++) assert.equal(await ask(40, 20), 401);
    await untilBanned(testbed.network.attacker(40), `nginx-http-auth@${web.name}`);
    assert.equal(await ask(40, shutOut), 'timeout');
    assert.equal(await ask(41, 20), 401);
  });
});
