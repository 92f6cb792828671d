import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IgnoreLists } from './ignore-lists.ts';

test('names and files count as they are now, and as they were where they cannot be read any more', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-lists-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'friends');
  writeFileSync(file, '203.0.113.1 # the first\n198.51.100.0/24, friend.example nonsense!\n');
  const known = new Map([
    ['home.example', ['192.0.2.1', '2001:DB8::1']],
    ['friend.example', ['192.0.2.9']],
  ]);
  const failures: string[] = [];
  const lists = new IgnoreLists({
    addresses: async (name) => {
      const addresses = known.get(name);
      if (addresses === undefined) throw new Error('no such name');
      return addresses;
    },
    failed: (what) => failures.push(what),
  });
  const entries = lists.of(['10.0.0.0/8', 'home.example', `file:${file}`], 'mine');
  const ranges = () => entries().map(({ range }) => range);
  assert.deepEqual(ranges(), ['10.0.0.0/8']);

  assert.equal(await lists.refresh(), true);
  const all = ['10.0.0.0/8', '192.0.2.1', '2001:db8::1', '203.0.113.1', '198.51.100.0/24', '192.0.2.9'];
  assert.deepEqual(ranges(), all);
  assert.equal(entries()[0]?.reason, 'mine');
  assert.equal(await lists.refresh(), false);

  known.delete('home.example');
  rmSync(file);
  assert.equal(await lists.refresh(), false);
  await lists.refresh();
  assert.deepEqual(ranges(), all);
  assert.deepEqual(failures, [file, file, 'home.example'], 'each is told once: a word, then the file');

  known.set('home.example', ['192.0.2.2']);
  assert.equal(await lists.refresh(), true);
  assert.deepEqual(ranges().slice(0, 2), ['10.0.0.0/8', '192.0.2.2']);
});

test('a name that nobody answers for holds nothing up for long', async () => {
  const failures: string[] = [];
  const lists = new IgnoreLists({
    addresses: () => new Promise(() => undefined),
    failed: (_what, problem) => failures.push(problem),
    longestLookupMs: 5,
  });
  lists.of(['slow.example'], 'mine');
  await lists.refresh();
  assert.deepEqual(failures, ['no answer within 5 ms']);
});
