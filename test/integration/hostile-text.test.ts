import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import { printable } from '../../src/core/printable.ts';
import { type CommandLine, type CommandOutcome, compiled, runCommandLines } from '../setup/command-lines.ts';
import { FakeEngine } from '../setup/fake-engine.ts';
import { folderOf } from '../setup/folder.ts';

/**
 * Clears the screen, sets the title, fills the clipboard, makes a link, the same in C1, goes back over the line, turns
 * the writing round, ends the line, and hides.
 */
const attack =
  'x\u001b[2J\u001b]0;title\u0007\u001b]52;c;eA==\u0007\u001b]8;;http://evil.test\u001b\\\u001b[5;41m' +
  '\u009b5m\u009d0;x\u009c\r\u0008\u202e\u2066\u2028\u0085\u200b\tx';
const shown = 'x\\x1b[2J';
const attacker = '203.0.113.7';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const pretty = fileURLToPath(new URL('../../node_modules/pino-pretty/bin.js', import.meta.url));

const hostileFilter = JSON.stringify({
  name: 'hostile',
  description: attack,
  counts: attack,
  kind: 'regex',
  expressions: [{ hit: '^ (?<user>.*) from <HOST>$' }],
  samples: [{ line: `2026-11-22T16:02:01Z ${attack} from ${attacker}`, yields: 'miss' }],
});
const hostileConfiguration = `jails: {${JSON.stringify(attack)}: {filter: ${JSON.stringify(attack)}}, sshd: {ignoreip: [${JSON.stringify(attack)}]}}\n`;

const folder = folderOf({
  'auth.log': '',
  'bailiff.yaml': '{}\n',
  'hostile.yaml': hostileFilter,
  'wrong.yaml': hostileConfiguration,
  'fail2ban/jail.conf': `[sshd]\nenabled = true\nfilter = sshd\nlogpath = /var/log/${attack}\naction = ${attack}\n`,
  'fail2ban/filter.d/sshd.conf': `[Definition]\nfailregex = ^${attack} from <HOST>$\n`,
  'bans.json': JSON.stringify([{ address: attack, jail: attack, since: 0, until: null, hits: 1 }]),
});
const file = (name: string) => path.join(folder, name);

const engine = new FakeEngine([
  {
    id: 'a1',
    name: `web${attack}`,
    image: `nginx${attack}`,
    labels: { 'bailiff.jails': 'nginx-http-auth', [`bailiff.jail.${attack}.filter`]: attack },
    lines: [`2026/11/28 00:00:00 [error] 7#7: *1 user "${attack}": password mismatch, client: 198.51.100.7`],
  },
  {
    id: 'b2',
    name: 'other',
    image: 'nginx',
    labels: { 'bailiff.jails': attack, 'bailiff.enable': attack },
    lines: [],
  },
]);

/** A daemon with everything in it that others may write to. */
class AttackedDaemon {
  readonly environment: Readonly<Record<string, string>>;
  readonly client: ControlClient;
  readonly #log: string[] = [];
  readonly #child;
  readonly #name: string;
  #hasEnded = false;

  constructor(name: 'terminal' | 'pipe', command: readonly [string, ...string[]]) {
    this.#name = name;
    const socket = file(`${name}.sock`);
    this.environment = {
      NODE_COMPILE_CACHE: compiled,
      BAILIFF_SOCKET: socket,
      BAILIFF_STATE_DIR: file(`${name}-state`),
      BAILIFF_CONFIG: file('bailiff.yaml'),
      BAILIFF_FILTER_DIRECTORY: '/nonexistent/filters',
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: file('auth.log'),
      BAILIFF_JAIL_SSHD_MAXRETRY: '3',
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_EVIDENCE: 'full',
      BAILIFF_LISTEN: 'off',
      BAILIFF_DOCKER_SOCKET: file('docker.sock'),
      BAILIFF_LOG_LEVEL: 'debug',
      BAILIFF_NOTIFY_BROKEN_TYPE: 'command',
      BAILIFF_NOTIFY_BROKEN_COMMAND: `/usr/bin/perl ${file('fails.pl')}`,
    };
    this.client = new ControlClient(socket);
    const [program, ...args] = command;
    this.#child = execa(program, args, {
      env: { ...this.environment, TERM: 'xterm', NO_COLOR: '' },
      all: true,
      reject: false,
    });
    this.#child.all.setEncoding('utf8').on('data', (text: string) => this.#log.push(text));
    void this.#child.then(() => {
      this.#hasEnded = true;
    });
  }

  get log(): string {
    return this.#log.join('');
  }

  /** Resolves when both attacks have arrived. */
  async attacked(): Promise<void> {
    for (;;) {
      const status = await this.client.status().catch(() => null);
      const isBanned = status?.jails.some(({ name, active }) => name === 'sshd' && active > 0) === true;
      const failing = status?.notifiers.some(({ problem }) => problem !== null) === true;
      if (isBanned && failing && status?.labels.length === 2) return;
      assert.equal(this.#hasEnded, false, this.log);
      await sleep(50);
    }
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    // To one on a terminal a signal would come too late: its terminal goes first.
    if (this.#name === 'terminal') this.#child.stdin?.write('\u0003');
    else this.#child.kill('SIGTERM');
    await this.#child;
  }
}

const node = `'${process.execPath}' '${cli}' run`;
let onTerminal: AttackedDaemon;
let inPipe: AttackedDaemon;

before(async () => {
  writeFileSync(
    file('fails.pl'),
    `print STDERR pack('H*', '${Buffer.from(attack).toString('hex')}'); exit 1;`,
  );
  await engine.listen(file('docker.sock'));
  onTerminal = new AttackedDaemon('terminal', ['script', '-qec', `stty cols 200; exec ${node}`, '/dev/null']);
  inPipe = new AttackedDaemon('pipe', [process.execPath, cli, 'run', '--json']);
  const line = `${new Date().toISOString()} host sshd[100]: Failed password for invalid user ${attack} from ${attacker} port 4242 ssh2\n`;
  appendFileSync(file('auth.log'), line.repeat(3));
  await Promise.all([onTerminal.attacked(), inPipe.attacked()]);
});
after(async () => {
  engine.close();
  await Promise.all([onTerminal?.end(), inPipe?.end()]);
});

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['status', 'sshd'],
  ['status', attack],
  ['status', `--${attack}`],
  ['banned'],
  ['banned', '--jail', attack],
  ['why', attacker],
  ['history'],
  ['history', '--csv'],
  ['events'],
  ['export', 'bans'],
  ['import', 'bans', file('bans.json')],
  ['import', file('fail2ban')],
  ['ban', attack],
  ['unban', attack],
  ['allow', attack],
  ['check'],
  ['check', '--config', file('wrong.yaml')],
  ['config', 'show'],
  ['config', 'show', '--config', file('wrong.yaml')],
  ['doctor', '--config', file('wrong.yaml')],
  ['filter', 'show', file('hostile.yaml')],
  ['filter', 'lint', file('hostile.yaml')],
  ['filter', 'test', 'sshd', file('auth.log'), '--print-all-matched'],
  ['filter', 'test', 'nginx-http-auth', file('auth.log'), '--print-all-missed'],
  ['filter', 'test', file('hostile.yaml'), file('auth.log'), '--print-all-matched'],
  ['notify', 'test', 'broken'],
];
const piped: CommandLine[] = [
  ...commands.flatMap((args) => [
    { args, act: true },
    { args: [...args, '--json'], act: args[1] !== 'bans' && !args.includes('--csv') },
  ]),
  // On a terminal it would go on until somebody types q.
  { args: ['top'], act: true },
];

/** By ECMA-48's SGR, with one number: colours, which the attack has none of. */
const esc = '\u001b';
const colour = new RegExp(`${esc}\\[\\d+m`, 'g');

function assertHarmless(text: string, what: string): void {
  for (const line of text.replaceAll(colour, '').split('\n')) assert.equal(line, printable(line), what);
}

function assertAll(outcomes: readonly CommandOutcome[], given: readonly CommandLine[]): void {
  for (const [number, { output }] of outcomes.entries()) {
    // A line of CSV has two characters at its end.
    const text = given[number]?.args.includes('--csv') ? output.replaceAll('\r\n', '\n') : output;
    assertHarmless(text, `bailiff ${printable(given[number]?.args.join(' ') ?? '')}`);
  }
  const outputOf = (...words: readonly string[]) =>
    outcomes[given.findIndex(({ args }) => words.every((word, at) => args[at] === word))]?.output ?? '';
  for (const words of [['status'], ['why'], ['check', '--config'], ['filter', 'show'], ['filter', 'test']])
    assert.ok(outputOf(...words).includes(shown), `${words.join(' ')} shows it:\n${outputOf(...words)}`);
}

describe('what attackers write reaches nobody’s terminal as it is', () => {
  test('through the commands, in a pipe', async () => {
    const { environment } = inPipe;
    const outcomes = await runCommandLines(piped, { environment, cwd: folder });
    assertAll(outcomes, piped);
    // What a container asks for stands beside what the owner wrote.
    const shows = piped.findIndex(({ args }) => args.join(' ') === 'config show');
    assert.match(outcomes[shows]?.output ?? '', /^jails\.nginx-http-auth\S*\.\S+ +labels /m);
  });

  test('through the commands, on a terminal, a reload that is refused among them', async () => {
    writeFileSync(file('bailiff.yaml'), hostileConfiguration);
    const given: CommandLine[] = [['reload'], ...commands].map((args) => ({ args, act: true }));
    const { environment } = onTerminal;
    const outcomes = await runCommandLines(given, { environment, cwd: folder, terminal: true });
    assertAll(outcomes, given);
    assert.equal(outcomes[0]?.exitCode, 1);
    assert.ok(outcomes[0]?.output.includes(shown), outcomes[0]?.output);
  });

  test('through the log, on a terminal, as JSON and by pino-pretty', async () => {
    await inPipe.client.reload();
    await Promise.all([onTerminal.end(), inPipe.end()]);
    // A terminal makes two characters of a line end.
    assertHarmless(onTerminal.log.replaceAll('\r\n', '\n'), 'the log on a terminal');
    assertHarmless(inPipe.log, 'the log as JSON');
    const { stdout } = await execa(process.execPath, [pretty, '--colorize'], { input: inPipe.log });
    assertHarmless(stdout, 'the log by pino-pretty');
    for (const log of [onTerminal.log, stdout]) assert.match(log, /x1b\[2J/);
  });
});
