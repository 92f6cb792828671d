import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { Shell } from './shell.ts';

const shell = new Shell({ allowed: true });
const options = { timeoutMs: 60_000, signal: new AbortController().signal };
const run = (text: string, values: Readonly<Record<string, string>> = {}, given = options) =>
  shell.run({ text, values }, given);

test('the end of a command, and of what it printed', async () => {
  assert.deepEqual(await run('echo fine'), { ok: true, exitCode: 0, complaint: '' });
  const failed = { ok: false, exitCode: 3, complaint: 'exit code 3: out; err' };
  assert.deepEqual(await run('echo out; sleep 0.05; echo err >&2; exit 3'), failed);
  const killed = { ok: false, exitCode: null, complaint: 'ended by SIGKILL' };
  assert.deepEqual(await run('kill -9 $$'), killed);
  const { complaint } = await run('yes | head -c 5000000; echo the end; exit 1');
  assert.ok(complaint.length < 1_100 && complaint.endsWith('; the end'), complaint);
});

test('it sees the values and nothing of our own environment, and has no input', async () => {
  process.env['BAILIFF_TEST_SECRET'] = 'secret';
  const seen = await run('cat; env | grep -v "^PWD=\\|^PATH=\\|^LANG=\\|^_=\\|^SHLVL=\\|^OLDPWD="; exit 1', {
    f2bV_matches: 'a\nb',
  });
  assert.equal(seen.complaint, 'exit code 1: f2bV_matches=a; b');
});

test('what it leaves in the background does not hold it up', async () => {
  const folder = folderOf({});
  await run(`(sleep 1; touch ${path.join(folder, 'late')}) & echo begun`);
  assert.equal(existsSync(path.join(folder, 'late')), false);
});

test('the timeout, and the end of the daemon', async () => {
  const late = await run('trap "" TERM; sleep 600', {}, { ...options, timeoutMs: 50 });
  assert.deepEqual(late, { ok: false, exitCode: null, complaint: 'took longer than 0.05 s' });
  const stopping = new AbortController();
  const running = run('sleep 600', {}, { ...options, signal: stopping.signal });
  stopping.abort();
  assert.equal((await running).complaint, 'given up, as the daemon stops');
  const never = await run('true', {}, { ...options, signal: AbortSignal.abort() });
  assert.equal(never.complaint, 'given up before it began');
});

test('a value beyond what a process can be given is an error like any other', async () => {
  const { ok, complaint } = await run('true', { f2bV_matches: 'x'.repeat(200_000) });
  assert.deepEqual([ok, complaint], [false, 'did not start (E2BIG)']);
});

test('without leave it refuses', async () => {
  const locked = new Shell({ allowed: false });
  await assert.rejects(locked.run({ text: 'true', values: {} }, options), /commands are not allowed/);
});

const source = new URL('../', import.meta.url);

test('no other place has a shell, and five files run programs, from lists of arguments', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const code = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const holding = (form: RegExp) =>
    code.filter((file) => form.test(readFileSync(new URL(file, source), 'utf8'))).sort();
  assert.deepEqual(holding(/\bshell:\s*(?:true\b|['"`])|\/bin\/(?:ba|da)?sh\b/), ['notify/shell.ts']);
  const spawning = [
    'enforce/command.ts',
    'enforce/conversation.ts',
    'enforce/monitor.ts',
    'notify/program.ts',
    'sources/journal-child.ts',
  ];
  assert.deepEqual(holding(/['"](?:execa|(?:node:)?child_process)['"]/), spawning);
  // And nothing else of it, such as what splits one text into words.
  assert.deepEqual(holding(/^import \{ execa \} from 'execa';$/m), spawning);
});
