import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { AllowEntry } from '../../src/core/allowlist.ts';
import { cable, Namespace } from './namespace.ts';

const driver = fileURLToPath(new URL('./ssh-peers-driver.ts', import.meta.url));
const server = '198.18.9.1';
/** Any account whose login is not locked and who is not root. */
const user = 'nobody';

describe('peers of SSH sessions, with a real sshd', () => {
  let host: Namespace;
  let outside: Namespace;
  let folder: string;
  let sshd: ChildProcess;
  const running: ChildProcess[] = [];

  before(async () => {
    [host, outside] = await Promise.all([Namespace.create(), Namespace.create()]);
    await cable(host, outside, 'out', {
      near: [`${server}/24`, 'fd00:9::1/64'],
      far: ['198.18.9.2/24', '198.18.9.3/24', '198.18.9.4/24', '198.18.9.5/24', 'fd00:9::2/64'],
    });
    folder = mkdtempSync(join(tmpdir(), 'bailiff-ssh-'));
    // sshd reads the keys of a user as that user.
    chmodSync(folder, 0o755);
    for (const key of ['host', 'own']) {
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
    }
    copyFileSync(join(folder, 'own.pub'), join(folder, 'keys'));
    writeFileSync(join(folder, 'askpass'), '#!/bin/sh\nexec cat\n', { mode: 0o755 });
    const settings = [`HostKey ${folder}/host`, `AuthorizedKeysFile ${folder}/keys`, 'StrictModes no'];
    settings.push('Port 22', 'PidFile none', 'UsePAM no', 'UseDNS no', 'PermitRootLogin yes');
    writeFileSync(join(folder, 'sshd_config'), `${settings.join('\n')}\n`);
    // sshd insists on this directory; where no sshd ever ran it is missing.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    sshd = start(host, '/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd_config')]);
    await until('sshd listens', async () => (await outside.run('ssh-keyscan', server)).ok);
  });

  after(async () => {
    const ended = running
      .filter(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null)
      .map((each) => once(each, 'exit'));
    for (const each of running) {
      each.stdin?.destroy();
      each.kill();
    }
    await Promise.all(ended);
    await Promise.all([host, outside].map((each) => each?.remove()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What it starts in turn may end with its stdin. */
  function start(where: Namespace, file: string, args: string[], env = {}): ChildProcess {
    const [program, ...rest] = where.entering(file, args);
    const child = spawn(program, rest, {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, ...env },
    });
    running.push(child);
    return child;
  }

  function ssh(from: string, login: string, ...args: string[]): void {
    const target = from.includes(':') ? 'fd00:9::1' : server;
    const options = ['BatchMode=no', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
    const words = options.flatMap((option) => ['-o', option]);
    // A password is asked for and never given: the connection stays without a login.
    const env = { SSH_ASKPASS: join(folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force' };
    start(outside, 'ssh', ['-F', 'none', ...words, '-b', from, '-l', login, target, ...args], env);
  }

  async function peers(): Promise<AllowEntry[]> {
    return JSON.parse(await host.must(process.execPath, '--disable-warning=ExperimentalWarning', driver));
  }

  test('whoever has logged in is protected, whoever has not is not', async () => {
    const key = ['-o', 'IdentitiesOnly=yes', '-i', join(folder, 'own')];
    const noKey = ['-o', 'PubkeyAuthentication=no'];
    // A tunnel without a command, and a command of root's over IPv6.
    ssh('198.18.9.2', user, ...key, '-N');
    ssh('fd00:9::2', 'root', ...key, 'cat');
    ssh('198.18.9.3', 'root@pts/0', ...noKey);
    ssh('198.18.9.4', 'root', ...noKey);
    const silent = `require('node:net').connect({ host: '${server}', port: 22, localAddress: '198.18.9.5' })`;
    start(outside, process.execPath, ['-e', silent]);

    await until('all five are connected', async () => {
      const established = await host.must('ss', '-Htn', 'state', 'established', '( sport = :22 )');
      return established.trim().split('\n').length >= 5;
    });
    await until('those with a key have logged in', async () => (await peers()).length >= 2);
    await until('those without are asked for a password', async () => {
      const { stdout } = await execa('ps', ['-o', 'args=', '--ppid', String(sshd.pid)]);
      return stdout.includes(': unknown [priv]') && stdout.split('\n').length === 5;
    });
    const found = await peers();
    assert.deepEqual(
      found.map(({ range }) => range),
      ['198.18.9.2', 'fd00:9::2'],
    );
    for (const { reason } of found) {
      assert.match(reason, /^the peer of an SSH session \(sshd process \d+\)$/);
    }
  });
});

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`not within 20 s: ${what}`);
    await pause(100);
  }
}
