import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf } from '../../../test/setup/fail2ban-action.ts';
import { type ActionKind, kindOfAction } from './action-kind.ts';

function kindOf(definition: string, init = ''): ActionKind {
  return kindOfAction(actionOf(`[Definition]\n${definition}\n[Init]\n${init}\n`));
}

const everything = { kind: 'enforcement', ports: 'all', protocols: 'all', leftOut: [], runs: false };

test('a copy under another name is known by its commands', () => {
  const rule = 'actionban = <tool> -w -I f2b-<name> 1 -s <ip> -j DROP';
  assert.deepEqual(kindOf(rule, 'tool = /sbin/iptables'), { ...everything, block: 'drop' });
  const set = 'actionban = ipset -exist add <set> <ip> timeout 0';
  assert.deepEqual(kindOf(set, 'set = bad'), { ...everything, block: 'drop' });
  assert.deepEqual(kindOf('actionban = nft add element inet f2b bad \\{ <ip> \\}'), {
    ...everything,
    block: 'drop',
  });
  const route = 'actionban = ip route add blackhole <ip>';
  assert.deepEqual(kindOf(route), { ...everything, block: 'drop' });
});

test('the ports that its rule names, of its own values', () => {
  const start = 'actionstart = iptables -I INPUT -p <protocol> -m multiport --dports <port> -j f2b\n';
  const kind = kindOf(
    `${start}actionban = iptables -A f2b -s <ip> -j <how>`,
    'port = 80,8000:8080\nprotocol = tcp,udp\nhow = REJECT',
  );
  const ports = [
    { from: 80, to: 80 },
    { from: 8000, to: 8080 },
  ];
  const covers = { ports, protocols: ['tcp', 'udp'], block: 'reject' };
  assert.deepEqual(kind, { ...everything, ...covers });
  const all = kindOf(`${start}actionban = iptables -A f2b -s <ip> -j DROP`, 'port = 0:65535\nprotocol = all');
  assert.deepEqual(all, { ...everything, block: 'drop' });
});

for (const ban of [
  'iptables -I INPUT -s <ip> -j ACCEPT',
  'iptables -t mangle -A PREROUTING -s <ip> -j MARK --set-mark 7',
  'iptables -D f2b -s <ip> -j DROP',
  'ipset add whitelist <ip>',
  'ipset del bad <ip>',
  'ufw allow from <ip>',
  'csf -a <ip>',
  'iptables -I INPUT -s 192.0.2.1 -j DROP',
  'echo "iptables -I INPUT -s <ip> -j DROP"',
  'logger "banned <ip>"',
  '',
]) {
  test(`no enforcement: ${ban}`, () => assert.deepEqual(kindOf(`actionban = ${ban}`), { kind: 'command' }));
}

test('what tells others is a report', () => {
  assert.deepEqual(kindOf('actionban = curl -s https://example.org/?ip=<ip>'), { kind: 'report' });
  assert.deepEqual(kindOf('actionban = echo <ip> | mail -s bad "$(dig +short x)"', 'dest = root'), {
    kind: 'report',
  });
});

test('under a name of fail2ban’s own it is enforced, and what is left out is named', () => {
  const action = actionOf('[Definition]\nactionban = iptables -I f2b -s <ip> -j DROP && /opt/tell <ip>\n');
  const kind = kindOfAction({ ...action, name: 'iptables-multiport' });
  assert.deepEqual(kind, { ...everything, block: 'drop', leftOut: ['tell'] });
});

test('an owner’s own that does more beside is enforced, and its commands run as well', () => {
  const kind = kindOf('actionban = ufw deny from <ip>\n  curl https://example.org/');
  assert.deepEqual(kind, { ...everything, block: 'drop', leftOut: ['curl'], runs: true });
});

test('what is mailed to dest', () => {
  const definition = `norestored = 1
actionban = ( printf "Subject: banned <ip>\\n"; echo "it\\'s; curl"; grep <ip> <logpath> ) | /usr/sbin/sendmail -f "<sender>" "<dest>"`;
  const kind = kindOf(
    definition.replace("\\\\'", "'"),
    'dest = root, ops@example.org\nsender = f2b@example.org\nlogpath = /logpath',
  );
  assert.deepEqual(kind, {
    kind: 'mail',
    to: ['root', 'ops@example.org'],
    sender: 'f2b@example.org',
    senderName: null,
    evidence: 'ban',
    onStart: false,
    onStop: false,
    onRestored: false,
    server: null,
    user: null,
    password: null,
  });
});

test('fail2ban’s own modules', () => {
  const mail = kindOfAction(
    actionOf(
      '',
      'smtp.py[host="mail.example.org:587", user=u, password=p, matches=ipmatches, dest=x@y.example]',
    ),
  );
  assert.deepEqual(mail, {
    kind: 'mail',
    to: ['x@y.example'],
    sender: 'fail2ban',
    senderName: 'Fail2Ban',
    evidence: 'all-jails',
    onStart: true,
    onStop: true,
    onRestored: false,
    server: 'mail.example.org:587',
    user: 'u',
    password: 'p',
  });
  assert.deepEqual(kindOfAction(actionOf('', 'badips.py[category=x]')), { kind: 'python' });
});
