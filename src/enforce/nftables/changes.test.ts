import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsFor, prepare } from './changes.ts';
import { SetNames } from './sets.ts';

const names = new SetNames(['drop']);
const add = (address: string, remaining: number | null = 60, policy = 'drop') =>
  ({ kind: 'add', address, remaining, policy }) as const;
const remove = (address: string, policy = 'drop') => ({ kind: 'delete', address, policy }) as const;

test('an element is added, deleted and added with its time; one that should not stand is not added again', async () => {
  const { changes } = await prepare(
    [add('203.0.113.7', 9.5), remove('203.0.113.8'), add('2001:DB8::/64', null)],
    names,
  );
  assert.deepEqual(commandsFor(changes), [
    'add element inet bailiff ban4_32 { 203.0.113.7, 203.0.113.8 }',
    'delete element inet bailiff ban4_32 { 203.0.113.7, 203.0.113.8 }',
    'add element inet bailiff ban4_32 { 203.0.113.7 timeout 10s }',
    'add element inet bailiff ban6_64 { 2001:db8:: }',
    'delete element inet bailiff ban6_64 { 2001:db8:: }',
    'add element inet bailiff ban6_64 { 2001:db8:: timeout 2147483s }',
  ]);
  const gone = await prepare([remove('198.51.100.7/24')], names);
  assert.deepEqual(commandsFor(gone.changes), [
    'add element inet bailiff ban4_24 { 198.51.100.0 }',
    'delete element inet bailiff ban4_24 { 198.51.100.0 }',
  ]);
});

test('no command is longer than an argument may be', async () => {
  const addresses = Array.from(
    { length: 4_500 },
    (_, index) => `2001:db8:ffff:ffff:ffff:ffff:ffff:${(index + 4_096).toString(16)}`,
  );
  const { changes } = await prepare(
    addresses.map((address) => add(address, null)),
    names,
  );
  const commands = commandsFor(changes);
  assert.ok(commands.every(({ length }) => length < 128 * 1024));
  const added = commands.filter((command) => command.includes('timeout')).join(' ');
  assert.ok(addresses.every((address) => added.includes(` ${address} timeout`)));
});

test('of several changes of one element the last holds', async () => {
  const { changes } = await prepare(
    [add('203.0.113.7'), add('::ffff:203.0.113.7', 5), remove('203.0.113.7')],
    names,
  );
  assert.deepEqual(
    changes.map(({ key, timeout }) => [key, timeout]),
    [['203.0.113.7', null]],
  );
});

test('what is no address, or every address, is refused, and the rest goes on', async () => {
  for (const bad of [
    '',
    'localhost',
    '203.0.113.1-203.0.113.9',
    '1.2.3.4 }; flush ruleset',
    '1.2.3.4\nx',
    '0.0.0.0/0',
    '::/0',
  ]) {
    for (const change of [add(bad), remove(bad)]) {
      const prepared = await prepare([change, add('203.0.113.7')], names);
      assert.equal((prepared.refused as { code?: string } | null)?.code, 'address-invalid', bad);
      assert.equal(prepared.changes.length, 1);
    }
  }
});

test('a policy that is not in force is named, where something should be added under it', async () => {
  assert.equal((await prepare([add('203.0.113.7', 1, 'reject')], names)).unknown, 'reject');
  assert.deepEqual(await prepare([remove('203.0.113.7', 'reject')], names), {
    changes: [],
    refused: null,
    unknown: null,
  });
});
