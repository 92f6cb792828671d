import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { folderOf } from '../setup/folder.ts';
import { stockWith } from './folders.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const nothing = join(folderOf({ 'none.yaml': '' }), 'none.yaml');

function bailiff(...words: string[]) {
  return execa(process.execPath, [cli, ...words], { reject: false, env: { BAILIFF_CONFIG: nothing } });
}

/** The jails as `bailiff check` says them. */
async function jailsOf(words: string[], env: Record<string, string> = {}) {
  const { stdout } = await execa(process.execPath, [cli, 'check', '--json', ...words], {
    reject: false,
    env: { BAILIFF_CONFIG: nothing, ...env },
  });
  return JSON.parse(stdout).jails as Record<string, unknown>[];
}

test('all stock jails, enabled at once, are imported, and come to what the directory comes to', async (context) => {
  const dir = stockWith({ 'jail.local': '[DEFAULT]\nenabled = true\n' });
  const output = join(folderOf({}), 'bailiff.yaml');
  const imported = await bailiff('import', dir, '--output', output, '--json');
  const { jails, errors } = JSON.parse(imported.stdout);
  assert.deepEqual([imported.exitCode, errors], [0, []], imported.stderr);
  context.diagnostic(`${jails.length} jails`);
  assert.ok(jails.length > 80);
  assert.deepEqual(await jailsOf(['--config', output]), await jailsOf([], { BAILIFF_FAIL2BAN_DIR: dir }));
});

test('a file that is there is never written over, and standard output has the file alone', async () => {
  const dir = stockWith({ 'jail.local': '[sshd]\nenabled = true\n' });
  const output = join(folderOf({ 'bailiff.yaml': 'defaults: {}\n' }), 'bailiff.yaml');
  const refused = await bailiff('import', dir, '--output', output, '--json');
  assert.equal(refused.exitCode, 1);
  assert.equal(JSON.parse(refused.stdout).errors[0].code, 'import-unwritable');
  assert.equal(readFileSync(output, 'utf8'), 'defaults: {}\n');
  const { stdout, exitCode } = await bailiff('import', dir);
  assert.equal(exitCode, 0);
  assert.equal(await bailiff('import', dir, '--output', `${output}.new`).then((done) => done.exitCode), 0);
  assert.ok(existsSync(`${output}.new`));
  assert.equal(readFileSync(`${output}.new`, 'utf8'), `${stdout}\n`);
});
