import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { execa } from 'execa';
import { readSshdConfig } from '../../src/host/sshd-config.ts';
import { folderOf } from '../setup/folder.ts';

const options = ['passwordauthentication', 'permitrootlogin', 'usedns', 'maxauthtries', 'x11forwarding'];

/** Files by name, of which `main` is read first; in it FOLDER stands for where the others are. */
const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the first line counts': {
    main: 'PasswordAuthentication no\nPasswordAuthentication yes\nMaxAuthTries=3\nMaxAuthTries 4\n',
  },
  'what is included stands in its place, in the order of names': {
    main: 'UseDNS yes\nInclude FOLDER/part/*.conf\nPermitRootLogin no\nMaxAuthTries 9\n',
    'part/20.conf': 'PermitRootLogin forced-commands-only\nMaxAuthTries 2\nUseDNS no\n',
    'part/10.conf': 'PermitRootLogin yes\n',
    'part/.00.conf': 'PermitRootLogin prohibit-password\n',
  },
  'several patterns, and quotes': {
    main: 'Include "FOLDER/b" FOLDER/a FOLDER/missing*\nmaxauthtries "5"\n',
    a: 'UseDNS yes\nMaxAuthTries 1\n',
    b: '  UseDNS\tno # not yes\n',
  },
  'what a Match block says is for others': {
    main: 'Match User somebody\nPasswordAuthentication no\nX11Forwarding yes\nMatch all\nX11Forwarding no\nMaxAuthTries 3\n',
  },
  'a Match block within a file ends with it': {
    main: 'Include FOLDER/part\nPasswordAuthentication no\nMaxAuthTries 8\n',
    part: 'Match User somebody\nPasswordAuthentication yes\nMaxAuthTries 1\n',
  },
  'a file that a Match block includes is for those alone': {
    main: 'Match User somebody\nInclude FOLDER/part\nMatch all\nMaxAuthTries 7\n',
    part: 'MaxAuthTries 1\nPasswordAuthentication no\nMatch all\nX11Forwarding yes\n',
  },
};

describe('sshd_config as sshd itself reads it', () => {
  const keys = folderOf({});
  before(async () => {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, 'host')]);
    // sshd insists on this directory; where no sshd ever ran it is missing.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  });

  for (const [name, files] of Object.entries(cases)) {
    it(name, async () => {
      const { main: text = '', ...parts } = files;
      const main = join(folderOf({ main: text.replaceAll('FOLDER', folderOf(parts)) }), 'main');
      const { stdout } = await execa('/usr/sbin/sshd', [
        '-T',
        '-h',
        join(keys, 'host'),
        '-f',
        main,
        '-C',
        'user=nobody,host=h,addr=192.0.2.1',
      ]);
      const bySshd = new Map(
        stdout.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1]]),
      );
      const settings = readSshdConfig('/', main) ?? [];
      for (const option of options) {
        const ours = settings.find(({ keyword, match }) => keyword === option && match === null);
        if (ours !== undefined) assert.equal(ours.values[0], bySshd.get(option), option);
        else assert.equal(bySshd.get(option), usual.get(option), `${option} is not set`);
      }
    });
  }
});

/** OpenSSH's defaults. */
const usual: ReadonlyMap<string, string> = new Map([
  ['passwordauthentication', 'yes'],
  ['permitrootlogin', 'without-password'],
  ['usedns', 'no'],
  ['maxauthtries', '6'],
  ['x11forwarding', 'no'],
]);
