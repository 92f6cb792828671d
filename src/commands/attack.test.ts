import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type CommandLine, type CommandOutcome, runCommandLines } from '../../test/setup/command-lines.ts';
import { Commands } from '../../test/setup/commands.ts';
import { socketOf } from '../../test/setup/fake-control.ts';
import type { Control, Status, WhyAnswer } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import type { Ban, PastBan } from '../core/types.ts';
import { printable } from './output.ts';

/** What a client, a label or a log may bring: every text that the daemon answers with holds it. */
const attack = 'x\u001b[2J\u001b]0;title\u0007\u009b31m\r\u0008\u202e\u2028\u200b\tx';

const ban: Ban = {
  address: attack,
  jail: attack,
  since: 0,
  until: null,
  hits: 1,
  count: 1,
  policy: attack,
  forced: false,
};
const allowed = { address: attack, since: 0, until: null };

const status: Status = {
  version: attack,
  revision: null,
  started: 0,
  ready: false,
  problems: [attack],
  warnings: [attack],
  enforcement: {
    backend: attack,
    state: 'degraded',
    detail: attack,
    hooks: [{ name: attack, family: 4, ok: false, verified: false, problem: attack }],
    dropped: [{ hook: attack, family: 4, packets: 1, bytes: 1 }],
    gaps: [attack],
    elements: 1,
  },
  jails: [
    {
      name: 'web',
      filter: attack,
      forgeable: null,
      maxretry: 5,
      findtime: 600,
      bantime: 600,
      hits: 1,
      bans: 1,
      active: 1,
      tracked: 1,
      policy: attack,
      ports: attack,
    },
  ],
  sources: [
    {
      id: attack,
      state: 'failed',
      detail: attack,
      lag: 1,
      lagSeconds: 1,
      lines: 1,
      lastLine: 0,
      since: 0,
      errors: 1,
      restarts: 1,
      lastError: { time: 0, message: attack },
      behind: attack,
      silent: attack,
      jails: ['web', attack],
      warning: attack,
    },
  ],
  findings: [
    {
      id: 'client-hidden',
      jail: 'web',
      source: attack,
      text: attack,
      remedies: [{ behind: attack, remedy: attack }],
      page: attack,
    },
  ],
  labels: [],
  ranges: [{ range: attack, addresses: 1, protected: attack }],
  reload: null,
  notifiers: [{ name: attack, type: 'webhook', waiting: 1, sent: 1, failed: 1, dropped: 1, problem: attack }],
  metrics: attack,
};

const refuse = (): never => {
  throw new BailiffError('address-protected', attack, { where: attack, remedy: attack });
};

const control: Control = {
  status: () => status,
  bans: () => [ban],
  ban: async ({ address }) => {
    if (address === '192.0.2.1') refuse();
    return { outcome: 'banned', ban, enforced: false, state: 'degraded', stored: false };
  },
  unban: async () => ({ unbanned: [ban], covering: [ban] }),
  importBans: async ({ bans }) => ({
    imported: bans.length,
    already: 0,
    ended: 0,
    protected: [{ address: attack, jail: attack, reason: attack }],
    unknownJails: { [attack]: 1 },
    state: 'degraded',
    stored: false,
  }),
  allowed: () => [allowed],
  neverBanned: () => [{ address: attack, jail: attack, reason: attack }],
  allow: async () => ({ allowed, unbanned: [ban], stored: false }),
  disallow: () => ({ removed: [allowed], protected: attack, stored: false }),
  notifyTest: async () => ({ delivered: false, detail: attack }),
  reload: async () => ({
    applied: true,
    changes: [attack],
    restart: [attack],
    errors: [],
  }),
  teardown: async () => ({ removed: [attack], problems: [attack] }),
  jails: () => assert.fail('not asked here'),
  putJail: () => assert.fail('not asked here'),
  removeJail: () => assert.fail('not asked here'),
  why: () => why,
  history: () => ({ bans: [pastBan], next: null }),
  recentEvents: () => [
    { event: 'ban', time: 0, jail: attack, address: attack, until: null, hits: 1, counts: 'attempts' },
    { event: 'repair', time: 0, what: attack },
  ],
  follow: () => assert.fail('not asked here'),
};
const socket = socketOf(control);
const commands = new Commands({ BAILIFF_SOCKET: socket });

const evidence = [{ time: 0, source: attack, line: attack }];
const pastBan: PastBan = { ...ban, ended: 1, reason: 'expired' };
const why: WhyAnswer = {
  address: attack,
  counted: attack,
  verdict: 'banned',
  enforcement: { backend: attack, state: 'degraded', detail: attack },
  bans: [{ ...ban, ports: attack, counts: 'attempts', evidence, dropped: null }],
  inside: { count: 1, bans: [ban] },
  protectedBy: [{ jail: attack, entry: attack, reason: attack }],
  windows: [
    {
      jail: attack,
      address: attack,
      counts: 'addresses',
      hits: 1,
      maxretry: 2,
      findtime: 3,
      nextOut: 4,
      lastOut: 5,
      evidence,
    },
  ],
  earlier: [{ counts: 'attempts', ...pastBan, evidence }],
  next: [
    {
      jail: attack,
      address: attack,
      seconds: 1,
      more: 1,
      attempts: 1,
      counts: 'addresses',
      growth: { ban: 2, ofAll: true, forget: 3 },
    },
  ],
  dropsUnknown: attack,
};

const exported = JSON.stringify([{ address: '203.0.113.7', jail: attack, since: 0, until: null, hits: 1 }]);
const called: readonly (readonly string[])[] = [
  ['status'],
  ['status', 'web'],
  ['status', attack],
  ['status', `--${attack}`],
  ['banned'],
  ['banned', '--jail', attack],
  ['ban', '203.0.113.7'],
  ['ban', '192.0.2.1'],
  ['ban', attack],
  ['unban', '203.0.113.7'],
  ['allow'],
  ['allow', '--all'],
  ['allow', '203.0.113.7'],
  ['allow', '--remove', '203.0.113.7'],
  ['export', 'bans'],
  ['why', '203.0.113.7'],
  ['history'],
  ['events'],
  ['teardown'],
  ['reload'],
  ['notify', 'test', 'mail'],
  ['filter', 'show', attack],
  ['check', '--config', attack],
  ['config', 'show', '--config', attack],
  ['__names', 'jails'],
  ['__names', 'banned'],
];
const lines: readonly CommandLine[] = called.flatMap((args) =>
  args[0] === '__names'
    ? [{ args, act: true }]
    : [
        { args, act: true },
        { args: [...args, '--json'], act: true },
      ],
);
let outcomes: readonly CommandOutcome[] = [];
before(async () => {
  outcomes = await runCommandLines(lines, { environment: commands.environment, cwd: '/' });
});

function assertHarmless(text: string): void {
  for (const line of text.split('\n')) assert.equal(line, printable(line));
}

for (const [number, { args }] of lines.entries()) {
  test(`nothing that moves a terminal's cursor comes out of ${printable(args.join(' '))}`, () => {
    assertHarmless(outcomes[number]?.output ?? assert.fail('it was not run'));
  });
}

test('nor of bans that are imported', async () => {
  for (const input of [exported, attack]) {
    for (const form of [[], ['--json']]) {
      const { stdout, stderr } = await commands.run(['import', 'bans', '-', ...form], input);
      assertHarmless(`${stdout}\n${stderr}`);
    }
  }
});

test('names for completion leave out what a shell would expand', async () => {
  assert.equal((await commands.run(['__names', 'banned'])).stdout, '');
  assert.equal((await commands.run(['__names', 'jails'])).stdout, 'web');
});

test('top shows it as harmless', async () => {
  const { stdout } = await commands.run(['top']);
  assertHarmless(stdout);
  assert.match(stdout, /x\\x1b\[2J/);
});
