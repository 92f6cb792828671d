import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { IgnoreCommand, type IgnoreCommandOptions, type IgnoreQuestion } from './ignore-command.ts';
import type { Complaint } from './notifier.ts';
import { Shell } from './shell.ts';

const none = { banned: 0, bannedTotal: 0, found: 0, foundTotal: 0 };

/** `@DIR@` in the command is a folder, in which it may log. */
function asking(command: string, given: Partial<IgnoreCommandOptions> = {}) {
  const dir = folderOf({});
  const complaints: Complaint[] = [];
  let now = 1_000;
  const ignore = new IgnoreCommand({
    jail: 'j',
    command: command.replaceAll('@DIR@', dir),
    cache: null,
    shell: new Shell({ allowed: true }),
    report: (complaint) => complaints.push(complaint),
    clock: { now: () => now },
    counts: () => none,
    ...given,
  });
  const log = path.join(dir, 'log');
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []);
  return { ignore, dir, complaints, lines, pass: (seconds: number) => (now += seconds) };
}

function attempt(host: string, fields: Readonly<Record<string, string>> = {}): IgnoreQuestion {
  return { host, time: 1_000, failures: 1, matches: ['line'], fields };
}

test('the command’s end is the answer, and an end other than 0 and 1 is told', async () => {
  const { ignore, complaints } = asking(
    'case <ip> in 10.*) exit 0;; 11.*) exit 1;; *) echo bad; exit 2;; esac',
  );
  assert.equal(await ignore.ignores(attempt('10.0.0.1')), 'ignored');
  assert.equal(await ignore.ignores(attempt('11.0.0.1')), 'counts');
  assert.deepEqual(complaints, []);
  assert.equal(await ignore.ignores(attempt('2001:db8::1')), 'counts');
  const message = 'command: exit code 2: bad';
  assert.deepEqual(complaints, [{ jail: 'j', action: 'ignorecommand', message, more: 0 }]);
});

test('nothing of a log becomes part of the command', async () => {
  const { ignore, dir, lines } = asking(
    'cd @DIR@; printf "%s|" "<F-USER>" "<fid>" "<matches>" "<ip>" >> log',
  );
  const evil = '$(touch x)`touch x`";touch x;"';
  const asked = { ...attempt('1.2.3.4;touch x', { user: evil, fid: evil }), matches: [evil, "';touch x;'"] };
  assert.equal(await ignore.ignores(asked), 'ignored');
  assert.deepEqual(readdirSync(dir), ['log']);
  assert.equal(lines().join('\n'), `${evil}|${evil}|${evil}\n';touch x;'||`);
});

test('answers are kept by their key, for their time, and so many', async () => {
  const cache = { key: '<ip>', maxCount: 2, maxTime: 60 };
  const { ignore, lines, pass } = asking('echo <ip> >> @DIR@/log; test <ip> = 10.0.0.1', { cache });
  for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.2']) {
    assert.equal(await ignore.ignores(attempt(host)), host === '10.0.0.1' ? 'ignored' : 'counts');
  }
  assert.deepEqual(lines(), ['10.0.0.1', '10.0.0.2']);
  await ignore.ignores(attempt('10.0.0.3'));
  await ignore.ignores(attempt('10.0.0.2'));
  await ignore.ignores(attempt('10.0.0.1'));
  assert.deepEqual(lines().slice(2), ['10.0.0.3', '10.0.0.1']);
  pass(60);
  await ignore.ignores(attempt('10.0.0.1'));
  assert.deepEqual(lines().slice(4), ['10.0.0.1']);
});

test('a key of several values', async () => {
  const cache = { key: '<F-USER>@<ip>', maxCount: 9, maxTime: 60 };
  const { ignore, lines } = asking('echo "<F-USER>" >> @DIR@/log', { cache });
  for (const user of ['a', 'b', 'a']) await ignore.ignores(attempt('10.0.0.1', { user }));
  assert.deepEqual(lines(), ['a', 'b']);
});

test('the same at once is asked once, without a cache each time', async () => {
  const { ignore, lines } = asking('echo <ip> >> @DIR@/log; sleep 0.05');
  const answers = Array.from({ length: 50 }, () => ignore.ignores(attempt('10.0.0.1')));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['ignored']));
  await ignore.ignores(attempt('10.0.0.1'));
  assert.deepEqual(lines(), ['10.0.0.1', '10.0.0.1']);
});

test('four at once, and not more than a thousand wait', async () => {
  const { ignore, dir, complaints } = asking('touch @DIR@/<ip>; until test -e @DIR@/go; do sleep 0.02; done');
  const answers = Array.from({ length: 1_010 }, (_, index) =>
    ignore.ignores(attempt(`10.0.${index >> 8}.${index & 255}`)),
  );
  const refused = await Promise.all(answers.slice(1_004));
  assert.deepEqual(refused, new Array(6).fill('unknown'));
  assert.equal(complaints[0]?.message, 'question: 1000 questions wait already');
  while (readdirSync(dir).length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(readdirSync(dir).length, 4);
  writeFileSync(path.join(dir, 'go'), '');
  assert.equal(await answers[4], 'ignored');
  ignore.stop();
  assert.equal(await answers[1_003], 'unknown');
});

test('a command that takes too long, and one that the stop ends', async () => {
  const { ignore, complaints } = asking('sleep 600', { timeout: 0.05 });
  assert.equal(await ignore.ignores(attempt('10.0.0.1')), 'counts');
  assert.equal(complaints[0]?.message, 'command: took longer than 0.05 s');
  const other = asking('sleep 600');
  const answer = other.ignore.ignores(attempt('10.0.0.1'));
  other.ignore.stop();
  assert.equal(await answer, 'unknown');
  assert.equal(await other.ignore.ignores(attempt('10.0.0.1')), 'unknown');
});

test('without leave it is not run, and that is told', async () => {
  const { ignore, dir, complaints } = asking('touch @DIR@/x', { shell: new Shell({ allowed: false }) });
  assert.equal(await ignore.ignores(attempt('10.0.0.1')), 'counts');
  assert.deepEqual(readdirSync(dir), []);
  assert.match(complaints[0]?.message ?? '', /^left out: it is not run/);
});
