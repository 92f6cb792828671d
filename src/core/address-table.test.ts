import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressTable } from './address-table.ts';
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
  const table = AddressTable.of(
    Array.from({ length: 100 }, (_, index) => [`192.0.2.${index}`, [index]] as const),
  );
  for (const [address, times] of table) if ((times[0] ?? 0) % 3 !== 0) table.delete(address);
  assert.deepEqual(
    held(table).map(([, times]) => times[0]),
    Array.from({ length: 34 }, (_, index) => index * 3),
  );
});

test('a table that most have left is sparse, and not when it is made anew', () => {
  const table = new AddressTable();
  for (let index = 0; index < 1_000; index++) put(table, `10.0.${index >> 8}.${index & 255}`, index);
  assert.equal(table.isSparse, false);
  for (let index = 0; index < 900; index++) table.deleteOldest();
  assert.equal(table.isSparse, true);
  const anew = AddressTable.of(table);
  assert.equal(anew.isSparse, false);
  assert.deepEqual(held(anew), held(table));
});

test('room that became free is used again: replacing the oldest for ever takes no more', () => {
  const table = new AddressTable();
  for (let index = 0; index < 100_000; index++) {
    put(
      table,
      `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      ...Array(1 + (index % 7)).fill(index),
    );
    if (table.size > 100) table.deleteOldest();
  }
  assert.equal(table.size, 100);
  assert.equal(table.isSparse, false);
});
