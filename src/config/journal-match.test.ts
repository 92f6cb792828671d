import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJournalMatch, journalArguments, parseJournalMatch } from './journal-match.ts';

test('terms, alternatives and quotes, as fail2ban writes them', () => {
  const match = parseJournalMatch(
    `_SYSTEMD_UNIT=ssh.service  _UID=0 + _COMM=sshd + "_CMDLINE=a b" MESSAGE='it is "so"'`,
  );
  assert.deepEqual(match, [
    ['_SYSTEMD_UNIT=ssh.service', '_UID=0'],
    ['_COMM=sshd'],
    ['_CMDLINE=a b', 'MESSAGE=it is "so"'],
  ]);
  assert.deepEqual(journalArguments(match ?? []), [
    '_SYSTEMD_UNIT=ssh.service',
    '_UID=0',
    '+',
    '_COMM=sshd',
    '+',
    '_CMDLINE=a b',
    'MESSAGE=it is "so"',
  ]);
  assert.deepEqual(parseJournalMatch(formatJournalMatch(match ?? [])), match);
});

test('nothing that journalctl could take for an option, a path or a broken match', () => {
  const refused = [
    '',
    '+',
    'A=b +',
    '+ A=b',
    'A=b + + B=c',
    '--file=/etc/shadow',
    '-A=b',
    "'--file=x'",
    "''--file=x",
    '/usr/sbin/sshd',
    'unit=ssh',
    '1A=b',
    'A',
    'A=',
    '=b',
    `A="b`,
    `A=b'`,
    'A=b\0c',
    '"A=b\nc"',
    `${'A'.repeat(65)}=b`,
    `A=${'b'.repeat(1_025)}`,
    Array(101).fill('A=b').join(' '),
  ];
  for (const text of refused) assert.equal(parseJournalMatch(text), null, text.slice(0, 40));
});
