import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import { Namespace } from './namespace.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Takes for ever on `hostile`. */
const filter = `
name: slow
description: an expression that can blow up
kind: regex
expressions:
  - hit: '^(?:(a+)+)+ <HOST>$'
samples:
  - line: 'aaa 203.0.113.7'
    yields: hit
    host: 203.0.113.7
`;
const hostile = `${'a'.repeat(40)}!\n`;

/** What a bundle could lack without a word, since it is loaded late: each is waited for in a daemon that runs from it. */
describe('the published package, with nothing beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-package-'));
  const unpacked = join(folder, 'package');
  const env = {
    // The Node that runs this test.
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    NODE_COMPILE_CACHE: '',
    BAILIFF_SOCKET: join(folder, 'bailiff.sock'),
    BAILIFF_CONFIG: '',
  };
  const bailiff = join(unpacked, 'bin/bailiff');

  let tarball: string;

  before(async () => {
    await execa('sh', [join(repository, 'scripts/build')]);
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
    const { stdout } = await execa('npm', pack, { cwd: repository });
    tarball = join(folder, stdout.trim());
    await execa('tar', ['-xzf', tarball, '-C', folder]);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('holds its build and the licences of the packages in it', () => {
    const build = readFileSync(join(unpacked, 'dist/current'), 'utf8').trim();
    assert.equal(readdirSync(unpacked).includes('src'), false);
    const { man } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
    assert.deepEqual(
      man,
      readdirSync(join(unpacked, 'man')).map((page) => `man/${page}`),
    );
    const licences = readFileSync(join(unpacked, 'dist', build, 'THIRD-PARTY-LICENSES'), 'utf8');
    const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    assert.equal(manifest.dependencies, undefined);
    for (const name of ['dockerode', 'zod', 'pino', 're2js', 'execa']) {
      assert.match(
        licences,
        new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)\n\n.*(Licen[cs]e|Copyright)`, 'm'),
      );
    }
  });

  it('holds a list for scanners of what is in its bundle, and of nothing else', () => {
    const build = join(unpacked, 'dist', readFileSync(join(unpacked, 'dist/current'), 'utf8').trim());
    const bill = JSON.parse(readFileSync(join(build, 'sbom.cdx.json'), 'utf8')) as Bill;
    const { name, version, license } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
    assert.deepEqual([bill.bomFormat, bill.specVersion], ['CycloneDX', '1.6']);
    const { component } = bill.metadata;
    assert.deepEqual(
      [component.name, component.version, component.licenses],
      [name, version, [{ expression: license }]],
    );
    const licences = readFileSync(join(build, 'THIRD-PARTY-LICENSES'), 'utf8');
    const licensed = licences.match(/^(?<=-{72}\n\n).+ \d\S* \(.+\)$/gm) ?? [];
    const listed = bill.components.map(
      (each) => `${each.name} ${each.version} (${each.licenses[0]?.expression})`,
    );
    assert.deepEqual(listed.toSorted(), [...new Set(licensed)].sort());
    assert.ok(listed.length > 10);
    for (const each of bill.components) assert.equal(each.purl, each['bom-ref']);
    const known = new Set([component, ...bill.components].map((each) => each['bom-ref']));
    const uses = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    assert.deepEqual(new Set(uses.keys()), known);
    // Each is there because somebody uses it.
    assert.deepEqual(new Set([component['bom-ref'], ...[...uses.values()].flat()]), known);
  });

  it('finds its version and its filters, also through a link', async () => {
    const link = join(folder, 'bailiff');
    await execa('ln', ['-s', bailiff, link]);
    const { stdout: version } = await execa(link, ['--version'], { env });
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const { stdout: filters } = await execa(link, ['filter', 'list'], { env });
    assert.match(filters, /^sshd /m);
  });

  it('is installed globally, and its unit has a daemon enforce with no more than it is given', async (t) => {
    const prefix = join(folder, 'prefix');
    await execa('npm', ['install', '--global', '--offline', '--prefix', prefix, tarball]);
    const installed = join(prefix, 'bin/bailiff');
    const unit = linesOf(unitFile(join(prefix, 'lib/node_modules/bailiff')));
    assert.deepEqual([unit('ExecStart'), unit('ExecReload')], ['bailiff run', 'kill -HUP $MAINPID']);
    const host = await Namespace.create();
    t.after(() => host.remove());
    const [, ...args] = unit('ExecStart').split(' ');
    const given = { BAILIFF_STATE_DIR: join(folder, 'state'), BAILIFF_DOCKER: 'false', BAILIFF_LISTEN: '' };
    const daemon = new Daemon(
      host.entering('setpriv', [...rightsOf(unit('CapabilityBoundingSet')), installed, ...args]),
      { ...env, ...given },
    );
    t.after(() => daemon.end());
    const [, ...waits] = unit('ExecStartPost').split(' ');
    const { exitCode, stderr } = await execa(installed, waits, { env, reject: false });
    assert.equal(exitCode, 0, stderr + daemon.output);
    await execa(installed, ['ban', '203.0.113.9'], { env });
    const { enforcement } = await new ControlClient(env.BAILIFF_SOCKET).status();
    assert.deepEqual([enforcement.state, enforcement.elements], ['enforcing', 1]);
  });

  it('has a unit that systemd takes, and shuts in well', async () => {
    // Where systemd finds a command, nothing is installed in a test.
    const found = readFileSync(unitFile(unpacked), 'utf8').replaceAll(/=(-?)bailiff /g, `=$1${bailiff} `);
    const unit = join(folder, 'bailiff.service');
    writeFileSync(unit, found);
    const verify = ['verify', '--man=no', unit];
    const { all, exitCode } = await execa('systemd-analyze', verify, { all: true, reject: false });
    const remarks = all.split('\n').filter((line) => line.includes('bailiff.service'));
    assert.deepEqual([remarks, exitCode], [[], 0], all);
    for (const other of ['docker.service', 'network-pre.target'])
      assert.match(found, new RegExp(`^Before=.*\\b${other}\\b`, 'm'), `bans stand before ${other}`);
    // Out of 100, of which a unit without any such line has 96.
    await execa('systemd-analyze', ['security', '--offline=true', '--threshold=30', unit]);
  });

  it('has a snippet that logrotate takes', async () => {
    const snippet = join(unpacked, 'packaging/bailiff.logrotate');
    const { all } = await execa('logrotate', ['--debug', snippet], { all: true });
    assert.match(all, /pattern: \/var\/log\/bailiff\/\*\.log/);
    assert.doesNotMatch(all, /^error:/m);
  });

  it('runs: the readable log, the thread that judges, the engine in linear time, Docker', async (t) => {
    const engine = await listen(join(folder, 'docker.sock'));
    t.after(() => engine.close());
    const log = join(folder, 'service.log');
    writeFileSync(log, '');
    mkdirSync(join(folder, 'filters'));
    writeFileSync(join(folder, 'filters/slow.yaml'), filter);
    const daemon = new Daemon([bailiff, 'run'], {
      ...env,
      BAILIFF_STATE_DIR: join(folder, 'state'),
      BAILIFF_DOCKER_SOCKET: join(folder, 'docker.sock'),
      BAILIFF_FILTER_DIRECTORY: join(folder, 'filters'),
      BAILIFF_JAILS: 'slow',
      BAILIFF_JAIL_SLOW_LOGPATH: log,
      BAILIFF_JAIL_SLOW_MAXRETRY: '2',
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_LISTEN: '',
      BAILIFF_LOG_FORMAT: 'pretty',
    });
    t.after(() => daemon.end());
    const client = new ControlClient(env.BAILIFF_SOCKET);
    const status = () => client.status().catch(() => null);
    const isReading = async () =>
      (await status())?.sources.some(({ id, state }) => id.startsWith('file:') && state === 'reading') ===
      true;
    const isLinear = async () =>
      (await status())?.problems.some((text) => text.includes('linear engine')) === true;

    await daemon.until(isReading);
    for (const client of [1, 2, 3]) {
      appendFileSync(log, `${hostile}aaa 203.0.113.${client}\n`);
      await daemon.until(() => daemon.output.includes(`slow: 203.0.113.${client} hit 1 of 2`));
    }
    await daemon.until(isLinear);
    appendFileSync(log, `${hostile}aaa 203.0.113.1\n`);
    await daemon.until(() => daemon.output.includes('slow: 203.0.113.1 BANNED'));
    await daemon.until(() => engine.asked.has('/containers/json'));
    assert.equal(daemon.output.split('a scanning thread was restarted').length - 1, 3, daemon.output);
  });
});

/** An engine without containers, and what it was asked. */
async function listen(socket: string): Promise<{ readonly asked: ReadonlySet<string>; close(): void }> {
  const asked = new Set<string>();
  const server = createServer((question, answer) => {
    asked.add(new URL(question.url ?? '', 'http://engine').pathname);
    answer.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { asked, close };
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly 'bom-ref': string;
  readonly licenses: readonly { readonly expression: string }[];
}

/** As far as it is looked at: https://cyclonedx.org/docs/1.6/json. */
interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const unitFile = (installed: string): string => join(installed, 'packaging/bailiff.service');

/** What a unit says by name. */
function linesOf(unit: string): (name: string) => string {
  const lines = readFileSync(unit, 'utf8').matchAll(/^(\w+)=-?(.*)$/gm);
  const values = new Map([...lines].map(([, name, value]) => [name, value]));
  return (name) => values.get(name) ?? '';
}

/** For setpriv(1): these capabilities, as `CAP_NET_ADMIN CAP_NET_RAW`, and no other. */
function rightsOf(capabilities: string): string[] {
  const names = capabilities.split(' ').map((name) => name.replace('CAP_', '').toLowerCase());
  return ['--no-new-privs', '--bounding-set', ['-all', ...names.map((name) => `+${name}`)].join(',')];
}

class Daemon {
  output = '';
  readonly #process;
  #hasEnded = false;

  constructor([command, ...args]: readonly [string, ...string[]], env: Record<string, string>) {
    this.#process = execa(command, args, { env, all: true, stdin: 'ignore', reject: false });
    this.#process.all.on('data', (text) => {
      this.output += text;
    });
    void this.#process.then(() => {
      this.#hasEnded = true;
    });
  }

  /** Waits until it holds. @throws with the daemon's own words where that ends */
  async until(holds: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await holds())) {
      assert.equal(this.#hasEnded, false, this.output);
      await setTimeout(50);
    }
  }

  async end(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process;
  }
}
