import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { controlOf, socketOf } from '../../test/setup/fake-control.ts';
import { BailiffError } from '../core/errors.ts';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
const control = controlOf({
  notifyTest: async ({ name }) => {
    if (name === 'ops') return { delivered: true, detail: '250 \u001b[31mtaken' };
    if (name === 'chat') return { delivered: false, detail: 'HTTP 500' };
    throw new BailiffError('notifier-not-found', 'there is no notifier', {
      remedy: 'The notifiers are: ops.',
    });
  },
});
const socket = socketOf(control);

const bailiff = (...args: string[]) =>
  execa(process.execPath, ['--disable-warning=ExperimentalWarning', cli, 'notify', 'test', ...args], {
    reject: false,
    env: { BAILIFF_SOCKET: socket },
  });

test('what became of a test message, for people and programs', async () => {
  const good = await bailiff('ops');
  assert.deepEqual([good.exitCode, good.stdout], [0, 'Delivered: 250 \\x1b[31mtaken']);
  const bad = await bailiff('chat');
  assert.deepEqual([bad.exitCode, bad.stdout], [1, 'NOT DELIVERED: HTTP 500']);
  const json = await bailiff('chat', '--json');
  assert.deepEqual([json.exitCode, JSON.parse(json.stdout)], [1, { delivered: false, detail: 'HTTP 500' }]);
  const none = await bailiff('x');
  assert.deepEqual([none.exitCode, none.stderr.includes('notifier-not-found')], [1, true]);
  assert.equal((await bailiff()).exitCode, 2);
});
