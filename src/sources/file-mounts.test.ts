import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMounts } from './file-mounts.ts';

test('what is mounted where, with spaces in names, removed, and lines that make no sense', () => {
  const mounts = readMounts(
    [
      '36 35 98:0 /logs/auth\\040log.1 /var/log/auth\\040log rw,noatime master:1 - ext4 /dev/root rw',
      '37 35 98:0 /logs/gone//deleted /var/log/gone ro - ext4 /dev/root rw',
      'nonsense',
      '',
    ].join('\n'),
  );
  assert.deepEqual(
    [...mounts],
    [
      ['/var/log/auth log', '/logs/auth log.1'],
      ['/var/log/gone', '/logs/gone//deleted'],
    ],
  );
});
