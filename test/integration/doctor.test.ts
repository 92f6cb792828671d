import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import type { Report } from '../../src/doctor/examination.ts';
import { checks } from '../../src/doctor/registry.ts';
import { folderOf } from '../setup/folder.ts';

const command = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const node = ['--disable-warning=ExperimentalWarning', command];

/** Its name would clear the screen of whoever looks at it. */
const hostile = 'auth\u001b[2J.log';
const folder = folderOf({
  [hostile]: '',
  'host/etc/ssh/sshd_config': 'PasswordAuthentication no\nUsePAM yes\nInclude sshd_config.d/*.conf\n',
  'host/etc/ssh/sshd_config.d/50-cloud.conf': 'KbdInteractiveAuthentication yes\nLogLevel QUIET\n',
});
const log = join(folder, hostile);
const env = {
  BAILIFF_STATE_DIR: join(folder, 'state'),
  BAILIFF_SOCKET: join(folder, 'bailiff.sock'),
  BAILIFF_CONFIG: '',
  BAILIFF_DOCKER_SOCKET: join(folder, 'no-docker.sock'),
  BAILIFF_HOST_ROOT: join(folder, 'host'),
  BAILIFF_JAILS: 'sshd',
  BAILIFF_JAIL_SSHD_LOGPATH: log,
  BAILIFF_JAIL_SSHD_PORTS: '2222',
  BAILIFF_ENFORCE: 'dry-run',
  BAILIFF_LISTEN: '',
};
const client = new ControlClient(env.BAILIFF_SOCKET);

const doctor = (...args: string[]) =>
  execa(process.execPath, [...node, 'doctor', ...args], { env, reject: false });

interface Answer {
  readonly ok: boolean;
  readonly daemon: boolean;
  readonly checks: readonly Report[];
}

const levelsOf = (answer: Answer, name: string): string[] | undefined =>
  answer.checks.find((check) => check.name === name)?.findings.map(({ level }) => level);

describe('bailiff doctor with a daemon, whose log names loopback in place of clients', () => {
  const daemon = execa(process.execPath, [...node, 'run'], { reject: false, stdio: 'ignore', env });

  before(
    async () => {
      const status = async () => client.status().catch(() => null);
      while (!(await status())?.sources.some(({ state }) => state === 'reading')) await setTimeout(50);
      const line = `${new Date().toISOString()} host sshd[77]: Failed password for root from 127.0.0.1 port 4242 ssh2\n`;
      appendFileSync(log, line.repeat(12));
      while ((await status())?.findings.length !== 1) await setTimeout(50);
    },
    { timeout: 60_000 },
  );

  after(async () => {
    daemon.kill('SIGKILL');
    await daemon;
  });

  it('says so, with everything else, and exits with 1', async () => {
    const { stdout, exitCode } = await doctor();
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Problems\n/);
    assert.match(
      stdout,
      /^ {2}Client addresses: file:.* \(jail sshd\): source masked: the log names 127\.0\.0\.1/m,
    );
    assert.match(stdout, /^ {6}behind nginx: proxy_set_header/m);
    assert.match(stdout, /^ {2}SSH server: LogLevel QUIET: failed logins are not logged/m);
    assert.match(stdout, /^ {2}SSH server: sshd listens on port 22, which bans of jail sshd leave open/m);
    assert.match(
      stdout,
      /^ {6}\/etc\/ssh\/sshd_config\.d\/50-cloud\.conf:1, instead: KbdInteractiveAuthentication no/m,
    );
    assert.match(stdout, /^ {2}Enforcement: a dry run: nobody is shut out$/m);
    assert.match(stdout, /^\d+ problems, \d+ warnings?; \d+ checks fine, \d+ not made\.$/m);
    assert.ok(
      !stdout.includes('\u001b'),
      'in a pipe there are no colours, and the name of the log is harmless',
    );
    assert.match(stdout, /auth\\x1b\[2J\.log/);
  });

  it('says the same as one JSON value', async () => {
    const { stdout, exitCode } = await doctor('--json');
    assert.equal(exitCode, 1);
    const answer = JSON.parse(stdout) as Answer;
    assert.deepEqual([answer.ok, answer.daemon], [false, true]);
    assert.deepEqual(
      answer.checks.map(({ name }) => name),
      checks.map(({ name }) => name),
    );
    assert.deepEqual(levelsOf(answer, 'daemon'), ['ok']);
    assert.deepEqual(levelsOf(answer, 'configuration'), ['ok']);
    assert.deepEqual(levelsOf(answer, 'hooks'), ['warning']);
    assert.deepEqual(levelsOf(answer, 'client-addresses'), ['problem']);
    assert.deepEqual(levelsOf(answer, 'sources'), ['ok']);
    assert.deepEqual(levelsOf(answer, 'storage'), ['ok']);
    assert.deepEqual(levelsOf(answer, 'sshd'), ['problem', 'problem', 'warning']);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('on a terminal has colours for its headings alone', async () => {
    const words = [process.execPath, ...node, 'doctor'].map((word) => `'${word}'`).join(' ');
    const terminal = { ...env, TERM: 'xterm', NO_COLOR: '', FORCE_COLOR: undefined };
    const { stdout } = await execa('script', ['-qec', words, '/dev/null'], { env: terminal, reject: false });
    const shown = stdout.replaceAll('\u001b', '<ESC>');
    assert.match(shown, /^<ESC>\[31mProblems<ESC>\[39m\r?$/m);
    for (const line of shown.split('\n').filter((each) => each.includes('<ESC>')))
      assert.match(line, /^<ESC>\[\d+m(?:Problems|Warnings|Fine|Not checked)<ESC>/);
  });
});

describe('bailiff doctor without a daemon', () => {
  const alone = {
    ...env,
    BAILIFF_SOCKET: join(folder, 'nobody.sock'),
    BAILIFF_STATE_DIR: join(folder, 'none'),
  };

  it('says so, and does the rest', async () => {
    const { stdout, exitCode } = await execa(process.execPath, [...node, 'doctor', '--json'], {
      env: alone,
      reject: false,
    });
    assert.equal(exitCode, 1);
    const answer = JSON.parse(stdout) as Answer;
    assert.deepEqual([answer.ok, answer.daemon], [false, false]);
    assert.deepEqual(levelsOf(answer, 'daemon'), ['problem']);
    assert.deepEqual(
      answer.checks.filter(({ notMade }) => notMade === 'the daemon does not answer').map(({ name }) => name),
      ['hooks', 'bans', 'sources', 'client-addresses', 'labels'],
    );
    assert.deepEqual(levelsOf(answer, 'sshd'), ['problem', 'warning']);
  });

  it('a configuration that is not valid is a finding like others', async () => {
    const { stdout, exitCode } = await execa(process.execPath, [...node, 'doctor'], {
      env: { ...alone, BAILIFF_BANTIME: 'x' },
      reject: false,
    });
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ {2}Configuration: BAILIFF_BANTIME: .*\[config-invalid\]/m);
    assert.match(stdout, /^ {2}SSH server: no \/etc\/ssh|^ {2}SSH server: /m);
  });
});
