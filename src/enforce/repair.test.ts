import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainPolicy as policy } from '../core/policy.ts';
import type { Change } from './backend.ts';
import { Repair } from './repair.ts';

const add = (address: string): Change => ({ kind: 'add', address, policy, remaining: 60 });

/** A repair in parts of two, or more, and the addresses of each part it sent; those named are refused. */
function repairing(refused: readonly string[] = [], most = 2) {
  const parts: string[][] = [];
  const repair = new Repair({ least: 2, most }, async (part) => {
    await Promise.resolve();
    parts.push(part.map(({ address }) => address));
    const address = part.find((change) => refused.includes(change.address))?.address;
    if (address !== undefined) throw new Error(`refused: ${address}`);
  });
  return { repair, parts };
}

test('parts go while more is added', async () => {
  const { repair, parts } = repairing();
  for (const name of ['a', 'b', 'c']) repair.add(add(name));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(parts, [['a', 'b']]);
  repair.add(add('d'));
  repair.add(add('e'));
  await repair.end();
  assert.deepEqual(parts, [['a', 'b'], ['c', 'd'], ['e']]);
});

test('after a refusal the rest goes in one part, and the refusal is told at the end', async () => {
  const { repair, parts } = repairing(['b', 'f']);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) repair.add(add(name));
  await assert.rejects(repair.end(), /refused: b/);
  assert.deepEqual(parts, [
    ['a', 'b'],
    ['c', 'd', 'e', 'f', 'g'],
  ]);
});

test('what waits meanwhile goes together, up to a bound', async () => {
  const { repair, parts } = repairing([], 3);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) repair.add(add(name));
  await repair.end();
  assert.deepEqual(parts, [
    ['a', 'b'],
    ['c', 'd', 'e'],
    ['f', 'g'],
  ]);
});

test('nothing to repair sends nothing', async () => {
  const { repair, parts } = repairing();
  await repair.end();
  assert.deepEqual(parts, []);
});
