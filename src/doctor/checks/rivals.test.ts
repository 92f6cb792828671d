import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineOf, remedies, said, stackOf } from '../../../test/setup/machine.ts';
import { rivalsAtWork } from './rivals.ts';

test('nobody else', async () => {
  const stacks = async () => [stackOf('nft', '*filter\n:INPUT ACCEPT [0:0]\n:BAILIFF - [0:0]\nCOMMIT\n')];
  const machine = machineOf(
    { stacks, nftTables: async () => 'table inet bailiff\n' },
    { 'proc/12/comm': 'sshd\n' },
  );
  assert.deepEqual(await said(rivalsAtWork, machine), [
    'ok: no trace of fail2ban, CrowdSec, sshguard, DenyHosts',
  ]);
});

test('others at work: by processes, sockets and rules', async () => {
  const rules = '*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -j f2b-sshd\nCOMMIT\n';
  const machine = machineOf(
    {
      stacks: async () => [stackOf('nft', rules)],
      nftTables: async () => 'table ip crowdsec\ntable ip6 crowdsec6\n',
    },
    {
      'proc/12/comm': 'fail2ban-server\n',
      'proc/13/comm': 'crowdsec-firewa\n',
      'proc/14/comm': 'sshg-blocker\n',
      'proc/15/comm': 'denyhosts.py\n',
      'run/fail2ban/fail2ban.sock': '',
    },
  );
  assert.deepEqual(await said(rivalsAtWork, machine), [
    'warning: fail2ban is at work too (process 12 (fail2ban-server), /run/fail2ban/fail2ban.sock, chain f2b-sshd): who is let in by one may stay banned by the other',
    'warning: CrowdSec is at work too (process 13 (crowdsec-firewa), table ip crowdsec, table ip6 crowdsec6): who is let in by one may stay banned by the other',
    'warning: sshguard is at work too (process 14 (sshg-blocker)): who is let in by one may stay banned by the other',
    'warning: DenyHosts is at work too (process 15 (denyhosts.py)): who is let in by one may stay banned by the other',
  ]);
  assert.match(
    await remedies(rivalsAtWork, machine),
    /bailiff import bans.*systemctl disable --now fail2ban/,
  );
});

test('rules without anybody whose they are', async () => {
  const machine = machineOf({ nftTables: async () => 'table inet f2b-table\n' });
  assert.deepEqual(await said(rivalsAtWork, machine), [
    'warning: rules of fail2ban stand here (table inet f2b-table), though no process of it is seen: who they shut out stays out',
  ]);
});
