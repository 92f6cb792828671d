import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { DaemonEvent, WhyAnswer } from '../../src/control/protocol.ts';
import type { PastBan } from '../../src/core/types.ts';

const program = fileURLToPath(new URL('../../bin/bailiff', import.meta.url));

let folder: string;
let log: string;
let daemon: ReturnType<typeof bailiff> | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bailiff-why-'));
  log = join(folder, 'auth.log');
  writeFileSync(log, '');
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

/** The real program, as the daemon in a dry run or as a command that asks it. */
function bailiff(args: readonly string[], evidence = 'redacted') {
  return execa(program, args, {
    reject: false,
    all: true,
    stdin: 'ignore',
    env: {
      BAILIFF_STATE_DIR: join(folder, 'state'),
      BAILIFF_SOCKET: join(folder, 'bailiff.sock'),
      BAILIFF_CONFIG: '',
      BAILIFF_DOCKER: 'false',
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: log,
      BAILIFF_JAIL_SSHD_MAXRETRY: '3',
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_LISTEN: '',
      BAILIFF_EVIDENCE: evidence,
    },
  });
}

async function ask<Answer>(...args: readonly string[]): Promise<Answer> {
  return JSON.parse((await bailiff([...args, '--json'])).stdout) as Answer;
}

async function start(evidence?: string): Promise<void> {
  daemon = bailiff(['run'], evidence);
  await until('the daemon answers', async () => {
    const { exitCode, stdout } = await bailiff(['status', '--json']);
    return exitCode === 0 && !stdout.includes('still starting');
  });
}

async function stop(): Promise<void> {
  daemon?.kill();
  await daemon;
  daemon = null;
}

/** Polls: what happens in another process can only be asked for. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await condition()) return;
    await setTimeout(100);
  }
  throw new Error(`it never came so far: ${what}`);
}

/** Attempts of a client, as sshd writes them. */
function fail(user: string, times: number): void {
  const date = new Date().toISOString();
  const line = `${date} host sshd[77]: Failed password for invalid user ${user} from 203.0.113.7 port 40000 ssh2\n`;
  appendFileSync(log, line.repeat(times));
}

const why = () => ask<WhyAnswer>('why', '203.0.113.7');

test('from the first attempt to the end of a ban and over a restart, each step is explained', async () => {
  await start();
  const following = bailiff(['events', '--follow', '--json']);
  await setTimeout(500);
  fail('hunter2', 2);
  await until('two attempts are counted', async () => (await why()).verdict === 'counted');
  assert.deepEqual(
    (await why()).windows.map(({ jail, hits, maxretry }) => [jail, hits, maxretry]),
    [['sshd', 2, 3]],
  );
  fail('hunter2', 1);
  await until('it is banned', async () => (await why()).verdict === 'banned');
  const [ban] = (await why()).bans;
  assert.equal(ban?.evidence.length, 3);
  for (const { source, line } of ban?.evidence ?? []) {
    assert.equal(source, `file:${log}`);
    assert.match(line, /Failed password for invalid user \*\*\* from 203\.0\.113\.7/);
  }
  await bailiff(['unban', '203.0.113.7']);
  const [over] = await ask<PastBan[]>('history', '--jail', 'sshd', '--since', '1h');
  assert.deepEqual([over?.address, over?.reason, over?.hits], ['203.0.113.7', 'manual', 3]);
  assert.deepEqual(await ask<DaemonEvent[]>('history', '--since', '1h', '--jail', 'other'), []);
  await stop();
  const events = (await following).stdout.split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(
    events.flatMap(({ event }) => event ?? []).filter((event) => event !== 'repair'),
    ['found', 'found', 'found', 'ban', 'unban'],
  );
  await start();
  const after = await why();
  assert.deepEqual([after.verdict, after.earlier.length], ['free', 1]);
  assert.equal(after.earlier[0]?.evidence.length, 3);
});

test('lines that are kept as they are reach a terminal as text', async () => {
  await start('full');
  fail('ev\u001b[2Jil', 3);
  await until('it is banned', async () => (await why()).verdict === 'banned');
  const { stdout } = await bailiff(['why', '203.0.113.7']);
  assert.match(stdout, /^Packets dropped: not known, since a dry run drops nothing$/m);
  assert.match(stdout, /invalid user ev\\x1b\[2Jil from/);
  assert.ok(!stdout.includes('\u001b'));
});
