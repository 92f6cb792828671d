import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Fail2banAction } from '../../src/config/fail2ban/types.ts';
import { CommandAction } from '../../src/notify/command-action.ts';
import type { BanEvent } from '../../src/notify/notifier.ts';
import { Shell } from '../../src/notify/shell.ts';
import { actionOf, banOf } from '../setup/fail2ban-action.ts';
import { folderOf } from '../setup/folder.ts';
import { python } from './python.ts';

type Step = readonly ['start' | 'stop', null] | readonly ['ban' | 'unban' | 'prolong', BanEvent];

interface Case {
  readonly name: string;
  /** The action's file, in which `@DIR@` is a folder to write to, and `@LOG@` what appends to a log in it. */
  readonly action: string;
  readonly steps: readonly Step[];
}

const hostile =
  'a $(touch x) `touch x` ; touch x & "b" \'c\' | d\n\te \\n \\$(touch x) <ip> <F-USER> {x} [y] *? ~ #';
const four = banOf({ matches: [hostile, 'two'], fields: { user: hostile, other: 'plain', fid: 'an id' } });
const five = banOf({ host: '203.0.113.8', until: null, bancount: 3 });
const six = banOf({ host: '2001:db8::7', fields: { user: 'root' } });
const all: readonly Step[] = [
  ['start', null],
  ['ban', four],
  ['ban', six],
  ['ban', five],
  ['unban', four],
  ['stop', null],
];

const tags =
  'ip family ip-rev fid failures time bantime bancount restored matches ipmatches ipjailmatches F-USER F-OTHER F-NONE F-ID';
/** An action that logs its steps, with these options beside. */
function stepping(options: Readonly<Record<string, string>>, more = '<ip>', init = ''): string {
  const names = ['start', 'stop', 'ban', 'unban', 'prolong'];
  const steps = Object.fromEntries(names.map((name) => [`action${name}`, `echo ${name} ${more} @LOG@`]));
  const lines = Object.entries({ ...steps, ...options }).map(([name, value]) => `${name} = ${value}\n`);
  return `[Definition]\n${lines.join('')}${init}`;
}

const byFamily = '[Init]\nw = 4\n[Init?family=inet6]\nw = 6\n';

const cases: readonly Case[] = [
  {
    name: 'all tags',
    action: `[Definition]\nactionban = ${tags
      .split(' ')
      .map((tag) => `printf '%%s\\n' "${tag}=<${tag}>" @LOG@`)
      .join('\n  ')}\n`,
    steps: all,
  },
  {
    name: 'unquoted',
    action: '[Definition]\nactionban = cd @DIR@; set -f; echo <matches> <F-USER> <F-OTHER> @LOG@\n',
    steps: all,
  },
  { name: 'each step', action: stepping({}), steps: [...all, ['prolong', six]] },
  {
    name: 'prolonged',
    action: stepping({}),
    steps: [
      ['start', null],
      ['ban', six],
      ['prolong', six],
      ['stop', null],
      ['unban', six],
    ],
  },
  {
    name: 'by family, on demand',
    action: stepping({ actionflush: 'echo flush <w> <family> @LOG@' }, '<ip> <w> <family>', byFamily),
    steps: all,
  },
  {
    name: 'on demand, the same for both families',
    action: stepping({ actionstart_on_demand: 'true', actionflush: 'echo flush @LOG@' }),
    steps: all,
  },
  {
    name: 'by family, not on demand',
    action: stepping({ actionstart_on_demand: 'false' }, '<ip> <w>', byFamily),
    steps: all,
  },
  {
    name: 'tags in tags, and what a file may not set',
    action: `[Definition]\nactionban = echo "<a_<b>> <c><br><none><sp><timeout> <bantime> <name> <actname> <_d>" @LOG@\n[Init]\nb = x\na_x = got\nc = <a_<b>>+<b>\ntimeout = 2m\nbantime = 7\n_d = hidden\n[Init?family=inet6]\nb = y\na_y = six\n`,
    steps: all,
  },
  {
    name: 'a check, a repair',
    action: `[Definition]\nactionstart = echo start @LOG@\nactioncheck = echo check @LOG@; test -e @DIR@/ok\nactionrepair = echo repair <family> @LOG@; touch @DIR@/ok\nactionban = echo ban <ip> @LOG@; test -e @DIR@/ok && test <ip> != 203.0.113.8\nactionunban = echo unban @LOG@; rm @DIR@/ok\n`,
    steps: [...all.slice(0, 5), ['unban', six], ['ban', four], ['stop', null]],
  },
  {
    name: 'a check that stays bad',
    action: stepping(
      { actioncheck: 'echo check @LOG@; exit 1', actionban: 'echo ban @LOG@; exit 1' },
      '',
      byFamily,
    ),
    // With both families fail2ban does not start again what it has stopped, as its start is the same for the other.
    steps: [
      ['start', null],
      ['ban', four],
      ['ban', five],
    ],
  },
  {
    name: 'a start that fails',
    action: stepping({ actionstart: 'echo start @LOG@; exit 1', actionstart_on_demand: 'yes' }),
    steps: all.slice(0, 4),
  },
];

test('actions run what fail2ban runs, and fail where it fails', async (context) => {
  const theirs = cases.map((entry) => ({ ...prepared(entry), steps: entry.steps }));
  const asked = theirs.map(({ action, steps: wanted }) => ({
    values: [...valuesOf(action)],
    steps: wanted.map(([step, event]) => [step, event === null ? null : infoOf(event)]),
  }));
  const script = fileURLToPath(new URL('fail2ban-actions.py', import.meta.url));
  const answers = JSON.parse(
    execFileSync(python, [script], { input: JSON.stringify(asked), encoding: 'utf8' }),
  );
  for (const [index, entry] of cases.entries()) {
    const expected = { failed: answers[index], log: theirs[index]?.log() };
    assert.deepEqual(await ours(entry), expected, entry.name);
    context.diagnostic(`${entry.name}: ${expected.log?.split('\n').length} lines, failed ${expected.failed}`);
  }
});

function prepared({ action }: Case): { action: Fail2banAction; log: () => string } {
  const folder = folderOf({});
  const log = path.join(folder, 'log');
  const text = action.replaceAll('@DIR@', folder).replaceAll('@LOG@', `>> ${log}`);
  return { action: actionOf(text), log: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') };
}

async function ours(entry: Case): Promise<{ failed: number[]; log: string }> {
  const { action, log } = prepared(entry);
  const shell = new Shell({ allowed: true });
  const counts = () => ({ banned: 0, bannedTotal: 0, found: 0, foundTotal: 0 });
  const runner = new CommandAction(action, { jail: 'j', shell, counts });
  const { signal } = new AbortController();
  const failed: number[] = [];
  for (const [number, step] of entry.steps.entries()) {
    const done = step[1] === null ? runner[step[0]](signal) : runner[step[0]](step[1], signal);
    await done.catch(() => failed.push(number));
  }
  return { failed, log: log() };
}

function* valuesOf({ commands, properties, flags }: Fail2banAction): Generator<[string, string | boolean]> {
  for (const [name, { text }] of [...commands, ...properties]) yield [name, text];
  yield* flags;
}

function infoOf(event: BanEvent): Record<string, unknown> {
  const six6 = event.host.includes(':');
  const reversed = six6
    ? `7.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.`
    : `${event.host.split('.').reverse().join('.')}.`;
  return {
    ip: event.host,
    family: six6 ? 'inet6' : 'inet4',
    'ip-rev': reversed,
    fid: event.fields['fid'] ?? event.host,
    failures: event.failures,
    time: event.since,
    bantime: event.until === null ? -1 : event.until - event.since,
    bancount: event.bancount,
    restored: event.restored ? 1 : 0,
    matches: event.matches.join('\n'),
    ipmatches: event.inAllJails.matches.join('\n'),
    ipjailmatches: event.inJail.matches.join('\n'),
    'F-*': event.fields,
  };
}
