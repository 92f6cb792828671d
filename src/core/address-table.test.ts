import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressTable } from './address-table.ts';
import { EntryPool } from './entry-pool.ts';
import type { Address } from './types.ts';

const held = (table: AddressTable): [Address, number[]][] =>
  [...table].map(([address, times]) => [address, times]);
const put = (table: AddressTable, address: Address, ...times: number[]): number =>
  table.change(address, () => times);

test('the address that was changed last is the newest', () => {
  const table = new AddressTable();
  put(table, '192.0.2.1', 1);
  put(table, '2001:db8::/64', 2);
  assert.equal(
    table.change('192.0.2.1', (times) => [...times, 3.25]),
    2,
  );
  assert.deepEqual(held(table), [
    ['2001:db8::/64', [2]],
    ['192.0.2.1', [1, 3.25]],
  ]);
  assert.ok(table.deleteOldest());
  assert.deepEqual(held(table), [['192.0.2.1', [1, 3.25]]]);
});

test('an address without times is not held', () => {
  const table = new AddressTable();
  assert.equal(put(table, '192.0.2.1'), 0);
  put(table, '192.0.2.2', 1);
  put(table, '192.0.2.2');
  assert.equal(table.size, 0);
  assert.equal(table.deleteOldest(), false);
  assert.equal(table.delete('192.0.2.2'), false);
});

test('each address of a loop may be deleted in it', () => {
  const lists = Array.from({ length: 100 }, (_, index) => [`192.0.2.${index}`, [index]] as const);
  const table = new AddressTable(new EntryPool(), lists);
  for (const [address, times] of table) if ((times[0] ?? 0) % 3 !== 0) table.delete(address);
  assert.deepEqual(
    held(table).map(([, times]) => times[0]),
    Array.from({ length: 34 }, (_, index) => index * 3),
  );
});

test('tables of one pool hold what is theirs', () => {
  const pool = new EntryPool();
  const [one, other] = [new AddressTable(pool), new AddressTable(pool)];
  put(one, '192.0.2.1', 1);
  put(other, '192.0.2.1', 2);
  put(one, '192.0.2.2', 3);
  assert.ok(one.delete('192.0.2.1'));
  put(other, '192.0.2.3', 4, 5);
  assert.deepEqual(held(one), [['192.0.2.2', [3]]]);
  assert.deepEqual(held(other), [
    ['192.0.2.1', [2]],
    ['192.0.2.3', [4, 5]],
  ]);
});

const addressOf = (index: number): Address => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

test('a pool that most have left is sparse', () => {
  const pool = new EntryPool();
  const table = new AddressTable(pool);
  for (let index = 0; index < 10_000; index++) put(table, addressOf(index), index);
  assert.equal(pool.isSparse, false);
  for (let index = 0; index < 9_000; index++) table.deleteOldest();
  assert.equal(pool.isSparse, true);
});

test('room that became free is used again: replacing the oldest for ever takes no more', () => {
  const pool = new EntryPool();
  const table = new AddressTable(pool);
  for (let index = 0; index < 100_000; index++) {
    put(table, addressOf(index), index);
    if (table.size > 2_000) table.deleteOldest();
  }
  assert.equal(table.size, 2_000);
  assert.equal(pool.isSparse, false);
});
