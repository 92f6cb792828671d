import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, machineOf, remedies, said } from '../../../test/setup/machine.ts';
import { jailOf } from '../../../test/setup/machine-status.ts';
import { sshd } from './sshd.ts';

const main = 'etc/ssh/sshd_config';
const hard = 'PasswordAuthentication no\nKbdInteractiveAuthentication no\n';
const machineWith = (text: string, more: Readonly<Record<string, string>> = {}) =>
  machineOf({}, { [main]: text, ...more });

test('a server that takes keys alone', async () => {
  assert.deepEqual(await said(sshd, machineWith(`${hard}Port 22\nPort 2222\nPerSourcePenalties no\n`)), [
    'ok: port 22, 2222; keys alone; no PerSourcePenalties (Bailiff bans)',
  ]);
});

test('what is not set is as OpenSSH has it', async () => {
  const machine = machineWith('UsePAM yes\n');
  assert.deepEqual(await said(sshd, machine), [
    'warning: PasswordAuthentication is not set, which is yes: passwords can be guessed',
    'warning: KbdInteractiveAuthentication is not set, which is yes: passwords can be guessed by way of PAM, whatever PasswordAuthentication says',
  ]);
  assert.match(
    await remedies(sshd, machine),
    /^At the top of \/etc\/ssh\/sshd_config, the line: PasswordAuthentication no; then sshd -t && systemctl reload ssh \(first see/,
  );
  const text = (await said(sshd, machineWith(''))).join();
  assert.doesNotMatch(text, /Kbd/, 'without PAM there is nothing to ask by keyboard');
});

/** One line that is weak, and one that is not. */
const lines: readonly (readonly [string, string, RegExp])[] = [
  [
    'PermitRootLogin yes',
    'PermitRootLogin without-password',
    /^warning: PermitRootLogin yes: root may log in/,
  ],
  ['PasswordAuthentication yes', hard, /^warning: PasswordAuthentication yes: passwords/],
  [
    'UsePAM yes\nChallengeResponseAuthentication yes',
    'ChallengeResponseAuthentication no',
    /KbdInteractiveAuthentication yes/,
  ],
  ['PermitEmptyPasswords yes', 'PermitEmptyPasswords no', /^problem: PermitEmptyPasswords yes/],
  ['MaxAuthTries 20', 'MaxAuthTries 3', /^warning: MaxAuthTries 20/],
  ['LoginGraceTime 0', 'LoginGraceTime 2m', /^warning: LoginGraceTime 0/],
  ['LoginGraceTime 1h30m', 'LoginGraceTime 30', /^warning: LoginGraceTime 1h30m/],
  ['UseDNS yes', 'UseDNS no', /^warning: UseDNS yes/],
  ['LogLevel QUIET', 'LogLevel VERBOSE', /^problem: LogLevel QUIET: failed logins are not logged/],
  ['LogLevel DEBUG3', 'LogLevel INFO', /^warning: LogLevel DEBUG3/],
];
for (const [weak, strong, expected] of lines) {
  test(`${weak.replace('\n', ', ')}`, async () => {
    const first = await said(sshd, machineWith(`${weak}\n${hard}`));
    assert.equal(first.length, 1, first.join('\n'));
    assert.match(first.join(), expected);
    assert.match((await said(sshd, machineWith(`${strong}\n${hard}`))).join(), /^ok/);
  });
}

test('the first line counts, wherever it stands, and is the one to change', async () => {
  const machine = machineWith(`Include /etc/ssh/sshd_config.d/*.conf\n${hard}`, {
    'etc/ssh/sshd_config.d/50-cloud-init.conf': 'PasswordAuthentication yes\n',
    'etc/ssh/sshd_config.d/60-later.conf': 'PasswordAuthentication no\n',
  });
  assert.deepEqual(await said(sshd, machine), [
    'warning: PasswordAuthentication yes: passwords can be guessed (/etc/ssh/sshd_config.d/60-later.conf:1 says otherwise, and comes too late: the first line counts)',
  ]);
  assert.match(
    await remedies(sshd, machine),
    /^\/etc\/ssh\/sshd_config\.d\/50-cloud-init\.conf:1, instead: PasswordAuthentication no;/,
  );
});

test('a Match block loosens it for some, or hardens it for them alone', async () => {
  const loose = machineWith(`${hard}Match User backup\n  PasswordAuthentication yes\n`);
  assert.deepEqual(await said(sshd, loose), [
    'warning: PasswordAuthentication yes for Match User backup: passwords can be guessed',
  ]);
  assert.match(await remedies(sshd, loose), /^\/etc\/ssh\/sshd_config:4, instead: PasswordAuthentication no/);
  const narrow = await said(sshd, machineWith('Match Address 192.0.2.0/24\n  PasswordAuthentication no\n'));
  assert.deepEqual(narrow, [
    'warning: PasswordAuthentication is not set, which is yes: passwords can be guessed',
  ]);
});

test('a port that bans leave open', async () => {
  const jail = jailOf({ ports: '22/tcp,8000-8100/tcp', policy: 'drop 22/tcp' });
  const daemon = {
    ...healthy,
    jails: [jail, jailOf({ name: 'all' }), jailOf({ name: 'web', filter: 'nginx', ports: '80/tcp' })],
  };
  const machine = machineOf({ daemon }, { [main]: `${hard}Port 22\nListenAddress [::]:2222\nPort 8022\n` });
  assert.deepEqual(await said(sshd, machine), [
    'problem: sshd listens on port 2222, which bans of jail sshd leave open (they shut 22/tcp,8000-8100/tcp)',
  ]);
  assert.match(await remedies(sshd, machine), /jails\.sshd\.ports: all/);
});

test('where the host is not seen, or has no sshd', async () => {
  assert.match(
    (await said(sshd, machineOf({ hostRoot: null }))).join(),
    /^not made: .*\/etc\/ssh:\/host\/etc\/ssh:ro/,
  );
  assert.deepEqual(await said(sshd, machineOf()), ['not made: no /etc/ssh/sshd_config can be read']);
});
