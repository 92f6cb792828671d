import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { readSshdConfig } from './sshd-config.ts';
import { parseSshdLines } from './sshd-lines.ts';

const main = 'etc/ssh/sshd_config';

/** Each setting as `PATH:LINE KEYWORD VALUES [MATCH]`. */
function settingsOf(files: Readonly<Record<string, string>>): string[] | null {
  const settings = readSshdConfig(folderOf(files));
  if (settings === null) return null;
  return settings.map(({ path, line, keyword, values, match }) => {
    const where = path.replace('/etc/ssh/', '');
    return `${where}:${line} ${keyword} ${values.join(',')}${match === null ? '' : ` [${match}]`}`;
  });
}

test('a line: keywords in any case, an equals sign, quotes, comments, Windows line ends', () => {
  const text = [
    '# Port 1',
    '  Port 22',
    'PORT=23',
    'port = "24"',
    'Banner "/etc/my banner" # why',
    'AllowUsers a b  c\r',
    '"UseDNS" no',
    'Match',
    '',
    '=x',
  ].join('\n');
  assert.deepEqual(parseSshdLines(text), [
    { keyword: 'port', values: ['22'], line: 2 },
    { keyword: 'port', values: ['23'], line: 3 },
    { keyword: 'port', values: ['24'], line: 4 },
    { keyword: 'banner', values: ['/etc/my banner'], line: 5 },
    { keyword: 'allowusers', values: ['a', 'b', 'c'], line: 6 },
    { keyword: 'usedns', values: ['no'], line: 7 },
    { keyword: 'match', values: [], line: 8 },
  ]);
});

test('Include: in its place, in the order of names, relative to /etc/ssh, without hidden files', () => {
  assert.deepEqual(
    settingsOf({
      [main]: 'Port 1\nInclude sshd_config.d/*.conf /etc/other.conf\nPort 9\nInclude /nonexistent/*\n',
      'etc/ssh/sshd_config.d/b.conf': 'Port 3\n',
      'etc/ssh/sshd_config.d/a.conf': 'Port 2\n',
      'etc/ssh/sshd_config.d/.hidden.conf': 'Port 4\n',
      'etc/ssh/sshd_config.d/c.conf.bak': 'Port 5\n',
      'etc/other.conf': 'Port 6\n',
    }),
    [
      'sshd_config:1 port 1',
      'sshd_config.d/a.conf:1 port 2',
      'sshd_config.d/b.conf:1 port 3',
      '/etc/other.conf:1 port 6',
      'sshd_config:3 port 9',
    ],
  );
});

test('Match: to the next one or the end of its file; one within an Include holds both', () => {
  assert.deepEqual(
    settingsOf({
      [main]: 'Include a.conf\nUseDNS no\nMatch User bob\nUseDNS yes\nInclude b.conf\nMatch all\nPort 7\n',
      'etc/ssh/a.conf': 'Match Address 192.0.2.0/24\nUseDNS yes\n',
      'etc/ssh/b.conf': 'X11Forwarding no\nMatch Host x\nX11Forwarding yes\n',
    }),
    [
      'a.conf:2 usedns yes [Address 192.0.2.0/24]',
      'sshd_config:2 usedns no',
      'sshd_config:4 usedns yes [User bob]',
      'b.conf:1 x11forwarding no [User bob]',
      'b.conf:3 x11forwarding yes [User bob Host x]',
      'sshd_config:7 port 7',
    ],
  );
});

test('a file that includes itself comes to an end', () => {
  const settings = settingsOf({ [main]: 'Port 22\nInclude sshd_config\n' });
  assert.equal(settings?.length, 17);
  const many = settingsOf({ [main]: 'Port 22\nInclude sshd_config sshd_config sshd_config\n' });
  assert.equal(many?.length, 256);
});

test('no file', () => {
  assert.equal(settingsOf({}), null);
});
