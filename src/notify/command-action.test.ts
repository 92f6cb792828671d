import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { actionOf, banOf } from '../../test/setup/fail2ban-action.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { CommandAction } from './command-action.ts';
import type { BanEvent } from './notifier.ts';
import { Shell } from './shell.ts';

const goes = new AbortController().signal;
const counts = () => ({ banned: 3, bannedTotal: 30, found: 4, foundTotal: 40 });
const nobody = { counts, nameOf: async () => '' };

/** An action whose commands write to a log; `<log>` is its path and `<dir>` the folder that it is in. */
function logging(
  definition: string,
  given: { init?: string; nameOf?: (address: string) => Promise<string> } = {},
) {
  const { init = '', nameOf = nobody.nameOf } = given;
  const dir = folderOf({});
  const log = path.join(dir, 'log');
  const text = `[Definition]\n${definition}\n[Init]\ndir = ${dir}\nlog = >> ${log}\n${init}\n`;
  const options = { ...nobody, nameOf, jail: 'j', shell: new Shell({ allowed: true }) };
  const action = new CommandAction(actionOf(text), options);
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []);
  return { action, dir, lines };
}

const hostile =
  '$(touch x) `touch x`; touch x & "touch" \'x\' | touch x\ntouch x\n\\$(touch x) $x <ip> %s \\n *';

for (const [name, quoting] of [
  ['double quotes', '"<matches>" "<F-USER>" "<F-OTHER>" "<fid>"'],
  ['no quotes', '<matches> <F-USER> <F-OTHER> <fid>'],
] as const) {
  test(`nothing of a log becomes part of a command, in ${name}`, async () => {
    const { action, dir, lines } = logging(`actionban = cd <dir>; printf '[%%s]' ${quoting} <log>`);
    const event = banOf({ matches: [hostile], fields: { user: hostile, other: hostile, fid: hostile } });
    await action.ban(event, goes);
    assert.deepEqual(readdirSync(dir), ['log']);
    const whole = lines().join('\n');
    if (name === 'double quotes') assert.equal(whole, `[${hostile}]`.repeat(4));
    else assert.match(whole, /\$\(touch/);
  });
}

test('in single quotes stands the name of the variable, and still nothing of the log', async () => {
  const { action, dir, lines } = logging("actionban = cd <dir>; echo '<matches>' '<ip>' '<failures>' <log>");
  await action.ban(banOf({ matches: ["'; touch x; '"] }), goes);
  assert.deepEqual(readdirSync(dir), ['log']);
  assert.deepEqual(lines(), [`${'$'}{f2bV_matches} 203.0.113.7 5`]);
});

test('an address that is none is not written out', async () => {
  const { action, dir, lines } = logging('actionban = cd <dir>; echo "[<ip>]" <log>');
  await action.ban(banOf({ host: '1.2.3.4;touch x', address: '203.0.113.7' }), goes);
  assert.deepEqual([readdirSync(dir), lines()], [['log'], ['[]']]);
});

test('all tags of a ban', async () => {
  const tags =
    'ip family ip-rev ip-host fid failures time bantime bancount restored matches ipmatches ipjailmatches ipfailures ipjailfailures jail.banned jail.banned_total jail.found jail.found_total F-USER F-NONE name';
  const echo = tags.split(' ').map((tag) => `${tag}=<${tag}>`);
  const { action, lines } = logging(`actionban = echo "${echo.join('|')}" <log>`, {
    nameOf: async (address) => `name-of-${address}`,
  });
  const event: BanEvent = banOf({
    fields: { user: 'root' },
    matches: ['m'],
    inJail: { failures: 7, matches: ['j'] },
    inAllJails: { failures: 9, matches: ['all'] },
    bancount: 2,
    until: null,
  });
  await action.ban(event, goes);
  assert.equal(
    lines()[0],
    'ip=203.0.113.7|family=inet4|ip-rev=7.113.0.203.|ip-host=name-of-203.0.113.7|fid=203.0.113.7|failures=5|' +
      'time=1700000000|bantime=-1|bancount=2|restored=0|matches=m|ipmatches=all|ipjailmatches=j|ipfailures=9|' +
      'ipjailfailures=7|jail.banned=3|jail.banned_total=30|jail.found=4|jail.found_total=40|F-USER=root|F-NONE=|name=j',
  );
});

test('values of the action by family, tags within tags, and the host within a banned range', async () => {
  const init = 'how = v4\nwhat = <how>!\n[Init?family=inet6]\nhow = v6';
  const { action, lines } = logging('actionban = echo <what> <ip> <ip-rev> <log>', { init });
  await action.ban(banOf(), goes);
  await action.ban(banOf({ host: '2001:db8::7', address: '2001:db8::/64' }), goes);
  const reversed = `7.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.`;
  assert.deepEqual(lines(), ['v4! 203.0.113.7 7.113.0.203.', `v6! 2001:db8::7 ${reversed}`]);
});

const steps = `actionstart = echo start <log>
actionstop = echo stop <log>
actionban = echo ban <ip> <log>
actionunban = echo unban <ip> <log>`;

test('start with the jail, bans and unbans, at the stop each unban and the stop', async () => {
  const { action, lines } = logging(steps);
  await action.start(goes);
  await action.ban(banOf(), goes);
  await action.ban(banOf({ host: '203.0.113.8' }), goes);
  await action.ban(banOf({ host: '2001:db8::7' }), goes);
  await action.unban(banOf(), goes);
  await action.stop(goes);
  const [, ...rest] = lines();
  assert.equal(lines()[0], 'start');
  assert.deepEqual(rest, [
    'ban 203.0.113.7',
    'ban 203.0.113.8',
    'ban 2001:db8::7',
    'unban 203.0.113.7',
    'unban 203.0.113.8',
    'unban 2001:db8::7',
    'stop',
  ]);
});

test('what follows a ban names the host that was banned, where it knows only the range or another host', async () => {
  const { action, lines } = logging(`${steps}\nactionprolong = echo prolong <ip> <log>`);
  await action.ban(banOf({ host: '2001:db8::7', address: '2001:db8::/64' }), goes);
  await action.prolong(banOf({ host: '2001:db8::8', address: '2001:db8::/64' }), goes);
  await action.unban(banOf({ host: '2001:db8::9', address: '2001:db8::/64' }), goes);
  assert.deepEqual(lines(), ['ban 2001:db8::7', 'prolong 2001:db8::7', 'unban 2001:db8::7']);
});

test('a start on demand comes before the first ban of a family; the flush takes the place of the unbans', async () => {
  const definition = `${steps}\nactionflush = echo flush <family> <log>`;
  const init = '[Init?family=inet6]\nanything = 6';
  const { action, lines } = logging(definition.replace('echo start', 'echo start <family>'), { init });
  await action.start(goes);
  assert.deepEqual(lines(), []);
  await action.ban(banOf(), goes);
  await action.ban(banOf({ host: '203.0.113.8' }), goes);
  await action.ban(banOf({ host: '2001:db8::7' }), goes);
  await action.stop(goes);
  assert.deepEqual(lines(), [
    'start inet4',
    'ban 203.0.113.7',
    'ban 203.0.113.8',
    'start inet6',
    'ban 2001:db8::7',
    'flush inet4',
    'flush inet6',
    'stop',
  ]);
});

test('actionstart_on_demand = true, and a start that fails keeps the ban from being tried', async () => {
  const { action, lines } = logging(
    `actionstart_on_demand = true\n${steps.replace('echo start <log>', 'echo start <log>; exit 3')}`,
  );
  await action.start(goes);
  await assert.rejects(action.ban(banOf(), goes), /^Error: actionstart failed: exit code 3$/);
  assert.deepEqual(lines(), ['start']);
});

test('a ban that fails is checked, repaired and tried again', async () => {
  const { action, dir, lines } = logging(`actionstart = echo start <log>
actioncheck = echo check <log>; test -e <dir>/sound
actionrepair = echo repair <log>; touch <dir>/sound
actionban = echo ban <log>; test -e <dir>/sound
actionunban = echo unban <log>; test -e <dir>/sound`);
  await action.start(goes);
  await action.ban(banOf(), goes);
  assert.deepEqual(lines(), ['start', 'ban', 'check', 'repair', 'check', 'ban']);
  rmSync(path.join(dir, 'sound'));
  await assert.rejects(action.unban(banOf(), goes), /actioncheck failed/);
  assert.deepEqual(lines().slice(6), ['unban', 'check']);
});

test('actionrepair_on_unban repairs for an unban too; without actionrepair the action is stopped and started', async () => {
  const { action, dir, lines } = logging(`actionrepair_on_unban = yes
actionstart = echo start <log>; touch <dir>/sound
actionstop = echo stop <log>; exit 1
actioncheck = test -e <dir>/sound
actionban = echo ban <log>; test -e <dir>/sound
actionunban = echo unban <log>; test -e <dir>/sound`);
  await action.start(goes);
  await action.ban(banOf(), goes);
  rmSync(path.join(dir, 'sound'));
  await action.unban(banOf(), goes);
  assert.deepEqual(lines(), ['start', 'ban', 'unban', 'stop', 'start', 'unban']);
});

test('what nothing repairs is told', async () => {
  const { action } = logging('actioncheck = exit 1\nactionrepair = exit 2\nactionban = exit 3');
  await action.start(goes);
  await assert.rejects(action.ban(banOf(), goes), /actionrepair failed: exit code 2/);
});

test('after a repair a ban is made again once its address is seen', async () => {
  const { action, dir, lines } = logging(`actioncheck = test -e <dir>/sound
actionrepair = echo repair <log>; touch <dir>/sound
actionban = echo ban <ip> <log>
actionreban = echo reban <ip> <log>`);
  await action.start(goes);
  writeFileSync(path.join(dir, 'sound'), '');
  const other = banOf({ host: '203.0.113.8' });
  await action.ban(banOf(), goes);
  await action.ban(other, goes);
  await action.recheck(banOf(), goes);
  assert.deepEqual(lines(), ['ban 203.0.113.7', 'ban 203.0.113.8']);
  rmSync(path.join(dir, 'sound'));
  await action.recheck(banOf(), goes);
  await action.recheck(banOf(), goes);
  await action.recheck(other, goes);
  assert.deepEqual(lines().slice(2), ['repair', 'reban 203.0.113.7', 'reban 203.0.113.8']);
});

test('restored bans, and prolonged ones', async () => {
  const quiet = logging(`norestored = 1\n${steps}\nactionprolong = echo prolong <log>`);
  await quiet.action.ban(banOf({ restored: true }), goes);
  assert.deepEqual(quiet.lines(), []);
  const told = logging(`${steps}\nactionprolong = echo prolong <restored> <log>`);
  await told.action.ban(banOf({ restored: true }), goes);
  await told.action.prolong(banOf({ restored: true }), goes);
  assert.deepEqual(told.lines(), ['ban 203.0.113.7', 'prolong 1']);
});

test('a timeout kills all processes of a command', async () => {
  const definition = 'actionban = (sleep 600 & echo $! > <dir>/pid; wait)';
  const { action, dir } = logging(definition, { init: 'timeout = 0.3' });
  await assert.rejects(action.ban(banOf(), goes), /actionban failed: took longer than 0.3 s/);
  const pid = Number(readFileSync(path.join(dir, 'pid'), 'utf8'));
  assert.equal(isRunning(pid), false);
});

/** A zombie has ended: whoever has to ask after it has not yet. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('without leave nothing runs, and it is told once what is left out', async () => {
  const dir = folderOf({});
  const action = actionOf(`[Definition]\nactionstart = touch ${dir}/x\nactionban = touch ${dir}/x\n`);
  const off = new CommandAction(action, { ...nobody, jail: 'j', shell: new Shell({ allowed: false }) });
  await assert.rejects(off.start(goes), /^Error: actionstart, actionban are not run, as commands of actions/);
  await off.ban(banOf(), goes);
  await off.prolong(banOf(), goes);
  await off.recheck(banOf(), goes);
  await off.unban(banOf(), goes);
  await off.stop(goes);
  assert.deepEqual(readdirSync(dir), []);
});

test('a stop without time leaves the unbans and says so', async () => {
  const { action, lines } = logging(steps);
  await action.ban(banOf(), goes);
  await assert.rejects(action.stop(AbortSignal.abort()), /0 unbans failed, for 1 there was no time/);
  assert.deepEqual(lines(), ['ban 203.0.113.7']);
});

test('values that lead back to themselves are told', async () => {
  const { action } = logging('actionban = echo <a>', {
    init: 'a = <b>\n[Init?family=inet6]\na = 1\nb = <a>',
  });
  await assert.rejects(
    action.ban(banOf({ host: '2001:db8::7' }), goes).then(() => assert.fail('ran')),
    Error,
  );
});
