import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type CommandOutcome, runCommandLines } from '../test/setup/command-lines.ts';
import { folderOf } from '../test/setup/folder.ts';

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
const environment = {
  BAILIFF_SOCKET: '/nonexistent/bailiff.sock',
  BAILIFF_FILTER_DIRECTORY: '/nonexistent/filters',
};

/** A process of its own. */
function bailiff(args: readonly string[], input = '') {
  return execa(process.execPath, [cli, ...args], { env: environment, input, reject: false });
}

/** 0 done, 1 failed, 2 wrong usage: what scripts rely on. */
const codes: readonly (readonly [number, readonly string[]])[] = [
  [0, ['--version']],
  [0, ['--help']],
  [0, ['filter', 'list']],
  [0, ['config', 'env']],
  [0, ['version']],
  [0, ['completion', 'fish']],
  [0, ['config', 'schema']],
  [0, ['filter', 'show', 'sshd']],
  [1, ['filter', 'show', 'nosuch']],
  [1, ['status']],
  [1, ['banned', '--json']],
  [1, ['doctor']],
  [1, ['allow']],
  [1, ['top']],
  [1, ['export', 'bans']],
  [1, ['config', 'show', '--config', '/nonexistent/bailiff.yaml']],
  [1, ['run', '--config', '/nonexistent/bailiff.yaml']],
  [1, ['check', '--config', '/nonexistent/bailiff.yaml']],
  [1, ['notify', 'test', 'ops']],
  [1, ['import', 'bans', '/nonexistent/fail2ban.sqlite3']],
  [2, []],
  [2, ['nosuch']],
  [2, ['status', '--nosuch']],
  [2, ['doctor', 'sshd']],
  [2, ['ban']],
  [2, ['unban']],
  [2, ['unban', '203.0.113.7', '--all']],
  [2, ['import']],
  [2, ['import', 'bans']],
  [2, ['filter']],
  [2, ['config']],
  [2, ['notify']],
  [2, ['notify', 'test']],
  [2, ['filter', 'test', 'sshd']],
  [2, ['filter', 'test', 'sshd', '/nonexistent/log']],
];
const printed: readonly (readonly string[])[] = [
  ['config', 'show'],
  ['config', 'show', '--json'],
  ['config', 'env', '--json'],
  ['version', '--json'],
];

// Those that need nothing of their own share a process.
const lines = [...codes.map(([, args]) => args), ...printed];
let outcomes: readonly CommandOutcome[] = [];
before(async () => {
  const each = lines.map((args) => ({ args, act: true }));
  outcomes = await runCommandLines(each, { environment, cwd: '/' });
});

function shared(args: readonly string[]): CommandOutcome {
  const number = lines.findIndex((line) => line.join(' ') === args.join(' '));
  return outcomes[number] ?? assert.fail(`bailiff ${args.join(' ')} was not run`);
}

for (const [code, args] of codes) {
  test(`bailiff ${args.join(' ')} exits with ${code}`, () => {
    const { exitCode, output } = shared(args);
    assert.equal(exitCode, code, output);
  });
}

test('config show says where each value comes from, for people and as JSON', () => {
  const { output } = shared(['config', 'show']);
  assert.match(output, /^OPTION +FROM +VALUE$/m);
  assert.match(output, /^filter-directory +BAILIFF_FILTER_DIRECTORY +\/nonexistent\/filters$/m);
  const values = JSON.parse(shared(['config', 'show', '--json']).output) as Record<string, unknown>[];
  assert.deepEqual(
    values.find(({ key }) => key === 'defaults.bantime'),
    { key: 'defaults.bantime', value: 600, origin: 'default' },
  );
});

test('the schema is JSON, and version says of what it is made', () => {
  assert.equal(JSON.parse(shared(['config', 'schema']).output).title, 'bailiff.yaml');
  const made = JSON.parse(shared(['version', '--json']).output);
  assert.deepEqual(Object.keys(made), ['version', 'build', 'revision', 'node', 'platform', 'arch']);
  assert.match(shared(['version']).output, new RegExp(`^bailiff ${made.version} `));
});

test('with --quiet errors are all that is said', async () => {
  const good = await bailiff(['filter', 'list', '--quiet']);
  assert.deepEqual([good.stdout, good.stderr, good.exitCode], ['', '', 0]);
  const bad = await bailiff(['banned', '--quiet']);
  assert.deepEqual([bad.stdout, bad.exitCode], ['', 1]);
  assert.match(bad.stderr, /there is no such socket \(ENOENT\).*\n.*docker compose up -d/);
});

test('config env lists the variables, for people and as JSON', () => {
  const { output } = shared(['config', 'env']);
  assert.match(output, /^BAILIFF_MAXRETRY\n {4}a whole number from 1 to 10000; default: 5\n {4}How many/m);
  assert.match(output, /^BAILIFF_JAIL_<NAME>_LOGPATH$/m);
  const listed = JSON.parse(shared(['config', 'env', '--json']).output) as { variable: string }[];
  assert.ok(listed.some(({ variable }) => variable === 'BAILIFF_MAIL_PASSWORD'));
});

test('with --json wrong usage is one JSON value as well', async () => {
  for (const args of [
    ['ban', '--json'],
    ['nosuch', '--json'],
    ['unban', '--json'],
    ['import', 'bans', '--json'],
  ]) {
    const { stdout, exitCode } = await bailiff(args);
    assert.equal(exitCode, 2);
    assert.equal(JSON.parse(stdout).errors[0].code, 'usage', args.join(' '));
  }
});

test('a reader that has seen enough is no error', async () => {
  const child = execa(process.execPath, [cli, 'filter', 'show', 'sshd', '--json'], {
    reject: false,
    buffer: false,
  });
  child.stdout.destroy();
  const { exitCode } = await child;
  assert.equal(exitCode, 0);
});

test('with --json an error is one JSON value, and its words stand on standard error', async () => {
  const { stdout, stderr } = await bailiff(['status', '--json']);
  assert.equal(JSON.parse(stdout).errors[0].code, 'daemon-unreachable');
  assert.match(stderr, /^bailiff: \/nonexistent\/bailiff\.sock: the daemon does not answer/);
});

test('the --json of `import bans` is its own, not that of `import`', async () => {
  const path = join(folderOf({}), 'fail2ban.sqlite3');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE bips(ip TEXT, jail TEXT, timeofban INTEGER, bantime INTEGER)');
  database.close();
  const { stdout, exitCode } = await bailiff(['import', 'bans', path, '--json']);
  assert.equal(exitCode, 0);
  const { imported, already, state } = JSON.parse(stdout);
  assert.deepEqual([imported, already, state], [0, 0, null]);
});

test('filter test prints one object per line', async () => {
  const log = [
    'Nov 22 16:02:01 host sshd[100]: Failed password for root from 203.0.113.7 port 4242 ssh2',
    'nothing of note',
  ];
  const args = [
    'filter',
    'test',
    'sshd',
    '-',
    '--json',
    '--now',
    '2026-11-22T18:00:00Z',
    '--tz',
    'Europe/Berlin',
  ];
  const { stdout, exitCode } = await bailiff(args, log.join('\n'));
  assert.equal(exitCode, 0);
  const [first, second, ...rest] = stdout.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rest, []);
  assert.deepEqual([first.line, first.result, first.host, first.attempts], [1, 'hit', '203.0.113.7', 1]);
  assert.equal(first.time, Date.parse('2026-11-22T15:02:01Z') / 1_000);
  assert.deepEqual([second.line, second.result], [2, 'miss']);
});
