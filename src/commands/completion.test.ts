import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { folderOf } from '../../test/setup/folder.ts';
import { program } from '../cli.ts';
import { completedCommands } from './completion.ts';
import { bashScript, fishScript, zshScript } from './completion-scripts.ts';

const commands = completedCommands(program);
const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));

/** What bash offers for the last of these words. `names`: what `bailiff __names` prints. */
async function offered(words: readonly string[], names = ''): Promise<string[]> {
  const script = join(folderOf({ 'completion.bash': bashScript(commands) }), 'completion.bash');
  const array = words.map((word) => `'${word}'`).join(' ');
  const { stdout } = await execa('bash', [
    '-c',
    `bailiff() { printf '%s\\n' ${names}; }; compopt() { :; }; source ${script}
    COMP_WORDS=(bailiff ${array}); COMP_CWORD=${words.length}; _bailiff; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
  return stdout.split('\n').filter(Boolean);
}

test('bash is offered commands, those below them, options and their values', async () => {
  assert.deepEqual(await offered(['sta']), ['status']);
  assert.deepEqual(await offered(['filter', 'l']), ['list', 'lint']);
  assert.deepEqual(await offered(['banned', '--so']), ['--sort']);
  assert.deepEqual(await offered(['banned', '--json', '--sort', '']), ['address', 'since', 'until', 'hits']);
  assert.deepEqual(await offered(['completion', '']), ['bash', 'zsh', 'fish']);
});

test('bash is offered the names that the command itself lists', async () => {
  assert.deepEqual(await offered(['status', 'n'], 'sshd nginx'), ['nginx']);
  assert.deepEqual(await offered(['ban', '203.0.113.7', '--jail', ''], 'sshd nginx'), ['sshd', 'nginx']);
  assert.deepEqual(await offered(['filter', 'show', 'ss'], 'sshd nginx'), ['sshd']);
  assert.deepEqual(await offered(['ban', ''], 'sshd'), []);
});

test('zsh and fish know every command and option', () => {
  const [zsh, fish] = [zshScript(commands), fishScript(commands)];
  for (const { path, options } of commands.filter((each) => each.path !== '')) {
    assert.ok(zsh.includes(`' ${path}'`), path);
    assert.ok(fish.includes(`' ${path}'`), path);
    for (const { flags } of options) {
      const long = flags.at(-1) ?? '';
      assert.ok(zsh.includes(`'${long}:`), long);
      assert.ok(fish.includes(`-l ${long.slice(2)}`), long);
    }
  }
});

test('bailiff completion prints them, and no other', async () => {
  const { stdout } = await execa(process.execPath, [cli, 'completion', 'bash']);
  assert.equal(`${stdout}\n`, bashScript(commands));
  const { exitCode } = await execa(process.execPath, [cli, 'completion', 'csh'], { reject: false });
  assert.equal(exitCode, 2);
});
