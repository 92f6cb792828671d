import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHostsAccess } from './hosts-access.ts';
import { allowedByHosts } from './hosts-allow.ts';

const files: Readonly<Record<string, readonly string[]>> = { '/friends': ['192.0.2.9', '.friends.example'] };

function read(text: string, daemon: string | null = null) {
  const { entries, problems } = allowedByHosts(readHostsAccess(text), {
    path: '/h',
    daemon,
    patternsIn: (path) => files[path] ?? 'it cannot be read',
  });
  const of = ({ entry, except }: (typeof entries)[number]) =>
    except.length === 0 ? entry : `${entry} but ${except.join(' ')}`;
  return { entries: entries.map(of), problems, where: entries.map(({ where }) => where) };
}

test('client patterns of every kind that names somebody', () => {
  const { entries, problems } = read(
    'ALL: 192.0.2.1, 198.51. 10. 203.0.113.0/255.255.255.128 203.0.113.128/25 192.168.*\n' +
      'sshd: [2001:db8::1] [2001:DB8:1::]/48 .Example.JP *.example.org Host.example.net ALL@192.0.2.7\n' +
      'ftpd: /friends\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(entries, [
    '192.0.2.1',
    '198.51.0.0/16',
    '10.0.0.0/8',
    '203.0.113.0/25',
    '203.0.113.128/25',
    '192.168.0.0/16',
    '2001:db8::1',
    '2001:db8:1::/48',
    '.example.jp',
    '.example.org',
    'host.example.net',
    '192.0.2.7',
    '192.0.2.9',
    '.friends.example',
  ]);
});

test('whoever would spare everybody spares nobody, and that is said', () => {
  const { entries, problems } = read(
    'ALL: ALL\nsshd: 0.0.0.0/0.0.0.0 [::]/0 0.0.0.0/1 * ALL@ALL\nALL: ALL EXCEPT .evil.example\n',
  );
  assert.deepEqual(entries, []);
  assert.equal(problems.length, 7);
  assert.equal(problems[0], '/h:1: ALL would keep everybody from being banned, and keeps nobody');
});

test('what cannot be told is listed, and protects nobody', () => {
  const words = [
    'LOCAL',
    'KNOWN',
    'UNKNOWN',
    'PARANOID',
    '@ops',
    'bob@192.0.2.1',
    '{RBL}.example',
    'w?b',
    '/gone',
  ];
  const numbers = ['192.0.2.1/255.255.255.0', '10.0.0.0/255.0.255.0', '[2001:db8::1]/32', '1.2.3.256'];
  const { entries, problems } = read([...words, ...numbers].map((word) => `sshd: ${word}\n`).join(''));
  assert.deepEqual(entries, []);
  assert.equal(problems.length, words.length + numbers.length);
  assert.match(problems[9] ?? '', /^\/h:10: .*it names nobody: of that network it is 192\.0\.2\.0$/);
});

test('EXCEPT takes addresses out of networks, and names out of domains', () => {
  const { entries, problems } = read(
    'sshd: 192.0.2.0/30 EXCEPT 192.0.2.2\n' +
      'sshd: .example.jp EXCEPT .bad.example.jp 198.51.100.\n' +
      'sshd: 10. EXCEPT .bad.example\nsshd: 10. EXCEPT 10.1. EXCEPT 10.1.2.3\nsshd: 10. EXCEPT PARANOID\n',
  );
  assert.deepEqual(entries, ['192.0.2.0/31', '192.0.2.3', '.example.jp but 198.51.100.0/24 .bad.example.jp']);
  assert.deepEqual(problems, [
    '/h:3: 10. cannot be told without .bad.example: that is a name',
    '/h:4: an EXCEPT of an EXCEPT is not honoured',
    '/h:5: EXCEPT PARANOID cannot be honoured: whoever attacks may have a false name',
  ]);
});

test('the first rule that names somebody decides: whom it denies, a later one does not let in', () => {
  const rules =
    'sshd: 192.0.2.0/31 : deny\nftpd: 192.0.2.0/30\nALL: 192.0.2.0/30\nsshd: ALL: twist /bin/echo no\nsshd: 10.\n';
  assert.deepEqual(read(rules, 'sshd').entries, ['192.0.2.2/31']);
  assert.deepEqual(read(rules, 'ftpd').entries, ['192.0.2.0/30', '192.0.2.0/30']);
  assert.deepEqual(read(rules).problems, []);
});

test('daemons: of all, or of one, with EXCEPT and an address of ours', () => {
  const rules = 'ALL EXCEPT sshd: 10.\nsshd@192.0.2.1: 172.16.0.0/12\nSSHD, ftpd: 192.168.\n';
  assert.deepEqual(read(rules, 'sshd').entries, ['172.16.0.0/12', '192.168.0.0/16']);
  assert.deepEqual(read(rules, 'ftpd').entries, ['10.0.0.0/8', '192.168.0.0/16']);
  assert.equal(read(rules).entries.length, 3);
});

test('options: those of hosts_options(5) are harmless or deny, others are not known', () => {
  const { entries, problems } = read(
    'sshd: 10.: severity auth.info: spawn (echo a\\: b) &: allow\nsshd: 172.16.0.0/12: aclexec /bin/x\nsshd: 192.168.: (mail root) &\n',
  );
  assert.deepEqual(entries, ['10.0.0.0/8']);
  assert.equal(problems.length, 2);
});

test('lines: comments, continuations, and what libwrap passes over', () => {
  const { entries, problems, where } = read(
    '# all\n\nsshd: \\\n  10. \\\n  172.16.0.0/12\nnothing\nsshd: 192.168.',
  );
  assert.deepEqual(entries, ['10.0.0.0/8', '172.16.0.0/12']);
  assert.deepEqual(where, ['/h:3', '/h:3']);
  assert.deepEqual(problems, [
    '/h:6: there is no ":" in it',
    '/h:7: TCP wrappers pass over a last line without a line end',
  ]);
});
