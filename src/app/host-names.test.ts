import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostNames } from './host-names.ts';

test('a name is asked for once while its answer holds; ids and nonsense never are', async () => {
  let seconds = 0;
  const asked: string[] = [];
  const names = new HostNames({
    now: () => seconds,
    addresses: async (name) => {
      asked.push(name);
      if (name === 'gone.example') throw new Error('no such name');
      return ['203.0.113.7', '203.0.113.7', 'nonsense'];
    },
  });
  const both = await Promise.all([names.addresses('Bad.example'), names.addresses('bad.example')]);
  assert.deepEqual(both, [['203.0.113.7'], ['203.0.113.7']]);
  assert.deepEqual(await names.addresses('gone.example'), []);
  assert.deepEqual(await names.addresses('gone.example'), []);
  for (const text of [
    '',
    'root',
    'a b.c',
    '$(x).y',
    '010.0.0.1',
    '1.2.3',
    '0x7f.1',
    'a..b',
    `${'a.'.repeat(200)}b`,
  ]) {
    assert.deepEqual(await names.addresses(text), [], text);
  }
  assert.deepEqual(asked, ['bad.example', 'gone.example']);
  seconds = 301;
  await names.addresses('bad.example');
  assert.equal(asked.length, 3);
});

test('clients choose the names: of too many at a time no more are asked for', async () => {
  let asked = 0;
  const names = new HostNames({
    now: () => 0,
    addresses: () => {
      asked++;
      return new Promise(() => undefined);
    },
  });
  for (let name = 0; name < 500; name++) void names.addresses(`${name}.example`);
  assert.equal(asked, 100);
});
