import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const parts = [
  'bin',
  'filters',
  'packaging',
  'charts',
  'man',
  'observability',
  'CHANGELOG.md',
  'README.md',
  'LICENSE',
  'Dockerfile',
  'package.json',
  'package-lock.json',
  'scripts',
  'src',
  'tsconfig.json',
];
const longAgo = new Date('2026-01-01');

describe('the build of a checkout', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'bailiff-checkout-'));
  const dist = join(checkout, 'dist');
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, NODE_COMPILE_CACHE: '' };
  const bailiff = () => execa(join(checkout, 'bin/bailiff'), ['filter', 'list'], { env, reject: false });
  const current = (): string => readFileSync(join(dist, 'current'), 'utf8').trim();
  const change = (text: string): void => writeFileSync(join(checkout, 'src/version.ts'), text);
  const original = readFileSync(join(repository, 'src/version.ts'), 'utf8');

  before(async () => {
    await execa('sh', [join(repository, 'scripts/dependencies')]);
    for (const part of parts) cpSync(join(repository, part), join(checkout, part), { recursive: true });
    symlinkSync(join(repository, 'node_modules'), join(checkout, 'node_modules'));
    // Older than what is installed: nothing is to be installed here.
    utimesSync(join(checkout, 'package-lock.json'), longAgo, longAgo);
  });
  after(() => rmSync(checkout, { recursive: true }));

  it('is made at the first start, whole, by whoever is first of several', async () => {
    const all = await Promise.all([1, 2, 3].map(() => bailiff()));
    for (const { exitCode, stdout, stderr } of all) {
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^sshd /m);
    }
    assert.deepEqual(readdirSync(dist).sort(), [current(), 'current'].sort());
  });

  it('is made again when something in src/ is newer, and the one before stays beside it', async () => {
    const first = current();
    await bailiff();
    assert.equal(current(), first);
    change(`${original}process.exitCode = 42;\n`);
    assert.equal((await bailiff()).exitCode, 42);
    assert.notEqual(current(), first);
    assert.ok(existsSync(join(dist, first, 'worker-loop.js')));
    change(original);
    assert.equal((await bailiff()).exitCode, 0);
    assert.equal(current(), first);
  });

  it('is swept away when it is old, unless something runs from it', async (t) => {
    const first = current();
    const running = execa(
      process.execPath,
      ['-e', 'setInterval(() => {}, 1e6)', join(dist, first, 'cli.js')],
      {
        reject: false,
      },
    );
    t.after(() => running.kill('SIGKILL'));
    const builds = [first];
    for (const code of [43, 44, 45]) {
      change(`${original}process.exitCode = ${code};\n`);
      await bailiff();
      utimesSync(join(dist, current()), longAgo, longAgo);
      builds.push(current());
    }
    utimesSync(join(dist, first), longAgo, longAgo);
    change(original.replace('The version', 'This version'));
    await bailiff();
    const there = readdirSync(dist);
    assert.deepEqual(
      builds.map((build) => there.includes(build)),
      [true, false, false, true],
    );
  });

  it('is enough where nothing can be written; without one it is said what is missing', async () => {
    const readOnly =
      'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$0/bin/bailiff" filter list';
    const started = () =>
      execa('unshare', ['--mount', 'sh', '-c', readOnly, checkout], { env, reject: false });
    await bailiff();
    assert.match((await started()).stdout, /^sshd /m);
    change(`${original}process.exitCode = 46;\n`);
    const { exitCode, stderr } = await started();
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^bailiff: .*bailiff-checkout-\w+ has no build of its present src\/.* cannot be written/,
    );
  });

  it('may be released when all of it says the same, and what does not is named', async () => {
    change(original);
    rmSync(dist, { recursive: true });
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: checkout });
    const check = async (): Promise<string> => {
      const script = ['scripts/release-check.ts', '--quick'];
      const { stdout, exitCode } = await execa(process.execPath, script, {
        cwd: checkout,
        env,
        reject: false,
      });
      assert.equal(exitCode, stdout.includes('WRONG') ? 1 : 0, stdout);
      return stdout;
    };
    const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    const changelog = join(checkout, 'CHANGELOG.md');
    writeFileSync(changelog, `## ${version} (2026-11-28)\n`);
    writeFileSync(join(checkout, '.gitignore'), 'node_modules\ndist\n');
    await git('init', '--quiet');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'all');
    assert.match(await check(), new RegExp(`^bailiff ${version} may be released\\.$`, 'm'));

    writeFileSync(changelog, `## ${version} (unreleased)\n`);
    const dockerfile = join(checkout, 'Dockerfile');
    writeFileSync(
      dockerfile,
      readFileSync(dockerfile, 'utf8').replace(/^ARG VERSION=.*$/m, 'ARG VERSION=8.8.8'),
    );
    const chart = join(checkout, 'charts/bailiff/Chart.yaml');
    writeFileSync(chart, readFileSync(chart, 'utf8').replace(/^version: .*$/m, 'version: 9.9.9'));
    rmSync(join(checkout, 'packaging'), { recursive: true });
    const said = await check();
    for (const fault of [
      /what is not committed: M CHANGELOG\.md/,
      /the Dockerfile says 8\.8\.8, and package\.json /,
      /the chart says 9\.9\.9, and package\.json /,
      /CHANGELOG\.md has no section/,
      /packaging\/bailiff\.service is not in the package/,
    ])
      assert.match(said, fault);
  });
});
