import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSyslogMessage, type SyslogMessage } from './syslog-message.ts';

const sender = '192.0.2.1';
const noon = Date.parse('2026-11-22T12:00:00Z') / 1_000;

type Expected = Partial<SyslogMessage>;

/** Messages as programs and appliances send them. What is not said of one is as here. */
const usual: SyslogMessage = { host: 'gateway', program: 'sshd', process: '', text: 'text', time: null };

const messages: Record<string, readonly [message: string, expected: Expected]> = {
  'rsyslog, RSYSLOG_SyslogProtocol23Format': [
    '<38>1 2026-11-22T12:00:00.123456+00:00 gateway sshd 812 - -  Failed password for root from 203.0.113.7 port 1 ssh2',
    { process: '812', text: 'Failed password for root from 203.0.113.7 port 1 ssh2', time: noon + 0.123456 },
  ],
  'rsyslog, RSYSLOG_ForwardFormat': [
    '<38>2026-11-22T13:00:00.5+01:00 gateway sshd[812]: text',
    { process: '812', time: noon + 0.5 },
  ],
  'rsyslog, RSYSLOG_TraditionalForwardFormat': [
    '<38>Nov 22 12:00:00 gateway sshd[812]: text',
    { process: '812' },
  ],
  'syslog-ng, network() with syslog-protocol and its own structured data': [
    '<38>1 2026-11-22T12:00:00+00:00 gateway sshd 812 - [timeQuality tzKnown="1" isSynced="1"][meta sequenceId="5"] text',
    { process: '812', time: noon },
  ],
  'syslog-ng, with a byte order mark': [
    '<38>1 2026-11-22T12:00:00.000Z gateway sshd 812 ID47 - \u00ef\u00bb\u00bftext',
    { process: '812', time: noon },
  ],
  'logger to a local socket, which names no host': [
    '<13>Nov 22 12:00:00 root: text',
    { host: sender, program: 'root' },
  ],
  'logger --rfc5424': [
    '<13>1 2026-11-22T12:00:00.000000+00:00 gateway root - - [timeQuality tzKnown="1" isSynced="0"] text',
    { program: 'root', time: noon },
  ],
  'glibc, syslog(3)': [
    '<38>Nov  2 12:00:00 sshd[812]: text\0',
    { host: sender, process: '812', text: 'text\0' },
  ],
  'Docker, by default over the network': [
    '<30> 2026-11-22T12:00:00Z dockhost 0123456789ab[99]: text',
    { host: 'dockhost', program: '0123456789ab', process: '99', time: noon },
  ],
  'Docker, by default to a local socket': [
    '<27>Nov 22 12:00:00 0123456789ab[99]: text',
    { host: sender, program: '0123456789ab', process: '99' },
  ],
  'Docker, syslog-format=rfc3164': [
    '<27>Nov 22 12:00:00 dockhost web/0123456789ab[99]: text',
    { host: 'dockhost', program: 'web/0123456789ab', process: '99' },
  ],
  'Docker, syslog-format=rfc5424micro': [
    '<27>1 2026-11-22T12:00:00.000001Z dockhost web 99 web - text',
    { host: 'dockhost', program: 'web', process: '99', time: noon + 1e-6 },
  ],
  'OpenWrt, logd': [
    "<86>Nov 22 12:00:00 OpenWrt dropbear[2301]: Bad password attempt for 'root' from 203.0.113.7:4242",
    {
      host: 'OpenWrt',
      program: 'dropbear',
      process: '2301',
      text: "Bad password attempt for 'root' from 203.0.113.7:4242",
    },
  ],
  'busybox, syslogd -R': [
    '<86>Nov 22 12:00:00 gateway authpriv.info dropbear[1]: text',
    { program: '-', text: 'authpriv.info dropbear[1]: text' },
  ],
  'UniFi gateway': [
    '<4>Nov 22 12:00:00 UDM-Pro kernel: [WAN_LOCAL-4000-D]IN=eth8 SRC=203.0.113.7',
    { host: 'UDM-Pro', program: 'kernel', text: '[WAN_LOCAL-4000-D]IN=eth8 SRC=203.0.113.7' },
  ],
  'UniFi access point': [
    '<30>Nov 22 12:00:00 U7PG2,802aa8c1d2e3,v4.3.28 hostapd: ath0: STA 02:00:00:00:00:01 IEEE 802.11: associated',
    {
      host: 'U7PG2,802aa8c1d2e3,v4.3.28',
      program: 'hostapd',
      text: 'ath0: STA 02:00:00:00:00:01 IEEE 802.11: associated',
    },
  ],
  'Cisco IOS': [
    '<189>45: *Nov 22 12:00:00.123: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: admin] [Source: 203.0.113.7]',
    {
      host: sender,
      program: '%SEC_LOGIN-4-LOGIN_FAILED',
      text: 'Login failed [user: admin] [Source: 203.0.113.7]',
    },
  ],
  'Cisco IOS with origin-id, year and zone': [
    '<189>45: router1: Nov 22 2026 12:00:00.123 CET: %SYS-5-CONFIG_I: Configured from console',
    { host: 'router1', program: '%SYS-5-CONFIG_I', text: 'Configured from console' },
  ],
  'Cisco ASA': [
    '<166>Nov 22 2026 12:00:00: %ASA-6-605004: Login denied from 203.0.113.7/4242',
    { host: sender, program: '%ASA-6-605004', text: 'Login denied from 203.0.113.7/4242' },
  ],
  'Cisco ASA with its name': [
    '<166>Nov 22 2026 12:00:00 asa1 : %ASA-6-605004: Login denied',
    { host: 'asa1', program: '%ASA-6-605004', text: 'Login denied' },
  ],
  'MikroTik without a date': [
    'system,error,critical login failure for user admin from 203.0.113.7 via ssh',
    {
      host: sender,
      program: '-',
      text: 'system,error,critical login failure for user admin from 203.0.113.7 via ssh',
    },
  ],
  'MikroTik, bsd-syslog': [
    '<26>Nov 22 12:00:00 MikroTik system,error,critical: login failure for user admin from 203.0.113.7 via ssh',
    {
      host: 'MikroTik',
      program: 'system,error,critical',
      text: 'login failure for user admin from 203.0.113.7 via ssh',
    },
  ],
  FortiGate: [
    '<189>date=2026-11-22 time=12:00:00 devname="fw" logdesc="Admin login failed" srcip=203.0.113.7',
    {
      host: sender,
      program: '-',
      text: 'date=2026-11-22 time=12:00:00 devname="fw" logdesc="Admin login failed" srcip=203.0.113.7',
    },
  ],
  'pfSense, without a host': ['<38>Nov 22 12:00:00 sshd[812]: text', { host: sender, process: '812' }],
  'nginx, access_log syslog:': [
    '<190>Nov 22 12:00:00 gateway nginx: 203.0.113.7 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 401 0 "-" "-"',
    {
      program: 'nginx',
      text: '203.0.113.7 - - [22/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 401 0 "-" "-"',
    },
  ],
  'a host that is an IPv6 address': [
    '<38>Nov 22 12:00:00 2001:db8::1 sshd[812]: text',
    { host: '2001:db8::1', process: '812' },
  ],
  'no space behind the tag': ['<38>Nov 22 12:00:00 gateway sshd[812]:text', { process: '812' }],
  'a tag alone': ['<38>sshd[812]: text', { host: sender, process: '812' }],
  'a date without a tag': ['<13>Nov 22 12:00:00 gateway text', { program: '-' }],
  'no header at all': ['text', { host: sender, program: '-' }],
  nothing: ['', { host: sender, program: '-', text: '' }],
  'a priority alone': ['<13>', { host: sender, program: '-', text: '' }],
  'a priority that is none': ['<192>text', { host: sender, program: '-', text: '<192>text' }],
  'RFC 5424, nothing but nil': ['<13>1 - - - - - -', { host: sender, program: '-', text: '' }],
  'RFC 5424, brackets and quotes in structured data': [
    '<38>1 - gateway sshd - - [a@1 b="\\]\\"[ sshd[1]: x" c="]"][d@1] text',
    {},
  ],
  'RFC 5424, structured data without an end is text': [
    '<38>1 - gateway sshd - - [a@1 b="] text',
    { text: '[a@1 b="] text' },
  ],
  'RFC 5424, structured data forgotten': ['<38>1 - gateway sshd - - text', {}],
  'RFC 5424, a time that is none': ['<38>1 2026-13-22T12:00:00Z gateway sshd - - - text', {}],
  'another version of RFC 5424 is text': [
    '<38>2 - gateway sshd - - - text',
    { host: sender, program: '-', text: '2 - gateway sshd - - - text' },
  ],
};

for (const [what, [message, expected]] of Object.entries(messages)) {
  test(what, () => assert.deepEqual(readSyslogMessage(message, sender), { ...usual, ...expected }));
}

test('hostile messages take no longer than their length', () => {
  for (const hostile of [
    `<38>1 - a b - - ${'[a'.repeat(32_000)}`,
    `<38>1 - a b - - ${'[a b="\\'.repeat(10_000)}`,
    `<38>1 - a b - - ${'[]'.repeat(32_000)}`,
    `<38>Nov 22 12:00:00 ${'a'.repeat(65_000)}`,
    `<38>Nov 22 12:00:00 ${'a['.repeat(32_000)}`,
    `<38>${'1: '.repeat(20_000)}`,
    `<38>${' '.repeat(65_000)}`,
  ])
    assert.equal(readSyslogMessage(hostile, sender).time, null);
});
