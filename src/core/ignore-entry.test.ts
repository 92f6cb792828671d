import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIgnoreEntry, sortIgnoreEntries } from './ignore-entry.ts';

test('addresses, ranges, names and files are told apart; what is none of these is refused', () => {
  const entries = ['::FFFF:192.0.2.1', '10.1.2.3/8', 'Gateway.Example.org', 'localhost', 'file:/etc/friends'];
  const read = entries.map((entry) => readIgnoreEntry(entry));
  assert.deepEqual(read, [
    '192.0.2.1',
    '10.0.0.0/8',
    'gateway.example.org',
    'localhost',
    'file:/etc/friends',
  ]);
  assert.deepEqual(sortIgnoreEntries(read.flatMap((entry) => entry ?? [])), {
    ranges: ['192.0.2.1', '10.0.0.0/8'],
    names: ['gateway.example.org', 'localhost'],
    files: ['/etc/friends'],
  });
});

test('a mistyped address is no name', () => {
  for (const entry of [
    '192.0.2.256',
    '192.0.2',
    '10.0.0.0/33',
    '2001:db8::g',
    'file:relative',
    'a..b',
    '-a',
    '$(x)',
    '',
  ])
    assert.equal(readIgnoreEntry(entry), undefined, entry);
});
