import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ignoreFileOf,
  isInDomain,
  readIgnoreEntry,
  readPlainEntry,
  sortIgnoreEntries,
} from './ignore-entry.ts';

test('addresses, ranges, names, domains, files and programs are told apart; what is none of these is refused', () => {
  const entries = [
    '::FFFF:192.0.2.1',
    '10.1.2.3/8',
    'Gateway.Example.org',
    'localhost',
    'file:/etc/friends',
    '.Example.JP.',
    'hosts.allow:/etc/hosts.allow',
    'hosts.allow:sshd:/etc/hosts.allow',
    'command:/usr/local/bin/friend',
  ];
  const read = entries.map((entry) => readIgnoreEntry(entry));
  assert.deepEqual(read, [
    '192.0.2.1',
    '10.0.0.0/8',
    'gateway.example.org',
    'localhost',
    'file:/etc/friends',
    '.example.jp',
    'hosts.allow:/etc/hosts.allow',
    'hosts.allow:sshd:/etc/hosts.allow',
    'command:/usr/local/bin/friend',
  ]);
  assert.deepEqual(sortIgnoreEntries(read.flatMap((entry) => entry ?? [])), {
    ranges: ['192.0.2.1', '10.0.0.0/8'],
    names: ['gateway.example.org', 'localhost'],
    domains: ['.example.jp'],
    files: ['file:/etc/friends', 'hosts.allow:/etc/hosts.allow', 'hosts.allow:sshd:/etc/hosts.allow'],
    commands: ['/usr/local/bin/friend'],
  });
  const files = ['file:/etc/friends', 'hosts.allow:/etc/h', 'hosts.allow:sshd:/etc/h'].map(ignoreFileOf);
  assert.deepEqual(files, [
    { path: '/etc/friends' },
    { path: '/etc/h', daemon: null },
    { path: '/etc/h', daemon: 'sshd' },
  ]);
});

test('a file names no other file and no program', () => {
  for (const entry of ['file:/etc/more', 'hosts.allow:/etc/hosts.allow', 'command:/bin/true'])
    assert.equal(readPlainEntry(entry), undefined, entry);
  assert.equal(readPlainEntry('.example.jp'), '.example.jp');
});

test('a domain is what lies below it', () => {
  assert.equal(isInDomain('host.example.jp', '.example.jp'), true);
  assert.equal(isInDomain('example.jp', '.example.jp'), false);
  assert.equal(isInDomain('badexample.jp', '.example.jp'), false);
});

test('a mistyped address is no name', () => {
  for (const entry of [
    '192.0.2.256',
    '192.0.2',
    '10.0.0.0/33',
    '2001:db8::g',
    'file:relative',
    'command:relative',
    'hosts.allow:sshd',
    '.',
    '.1.2',
    '..example.jp',
    'a..b',
    '-a',
    '$(x)',
    '',
  ])
    assert.equal(readIgnoreEntry(entry), undefined, entry);
});
