import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateReader } from './dates.ts';

/** What programs write, as their logs show it. Zone, line, its time in UTC, and what filters get of it. */
type Format = readonly [program: string, zone: string, line: string, time: string, rest: string];

const now = Date.parse('2026-11-22T16:30:00Z') / 1_000;
const at = '2026-11-22T16:02:01Z';
const thousandth = '2026-11-22T16:02:01.123Z';
const millionth = '2026-11-22T16:02:01.123456Z';
const berlin = '2026-11-22T15:02:01Z';

const formats: readonly Format[] = [
  ['rsyslog', 'UTC', 'Nov 22 16:02:01 host sshd[7]: x', at, ' host sshd[7]: x'],
  ['rsyslog, padded day', 'UTC', 'Nov  5 03:04:05 host x', '2026-11-05T03:04:05Z', ' host x'],
  ['rsyslog in Berlin', 'Europe/Berlin', 'Nov 22 16:02:01 host x', berlin, ' host x'],
  ['syslog-ng, fractions', 'UTC', 'Nov 22 16:02:01.123456 host x', millionth, ' host x'],
  ['syslog with a weekday', 'UTC', 'Sun Nov 22 16:02:01 host x', at, ' host x'],
  ['syslog on the wire', 'UTC', '<38>Nov 22 16:02:01 host x', at, '<38> host x'],
  ['RFC 5424', 'UTC', '<34>1 2026-11-22T16:02:01.123Z host app - - x', thousandth, '<34>1  host app - - x'],
  ['Cisco ASA', 'UTC', 'Nov  5 2026 03:04:05: %ASA-6-1: x', '2026-11-05T03:04:05Z', ': %ASA-6-1: x'],
  ['Cisco IOS', 'Europe/Berlin', 'Nov 22 16:02:01.123 UTC: %SEC_LOGIN', thousandth, ': %SEC_LOGIN'],
  ['year first', 'UTC', '2026 Nov  5 03:04:05 host x', '2026-11-05T03:04:05Z', ' host x'],
  ['rsyslog, RFC 3339', 'UTC', '2026-11-22T17:02:01.123456+01:00 host x', millionth, ' host x'],
  ['systemd, short-iso', 'UTC', '2026-11-22T17:02:01+0100 host x', at, ' host x'],
  ['systemd, short-full', 'UTC', 'Sun 2026-11-22 17:02:01 CET host x', at, ' host x'],
  ['systemd, short-unix', 'UTC', '1795363321.123456 host x', millionth, ' host x'],
  ['ISO 8601, hours', 'UTC', '2026-11-22T17:02:01+01 x', at, ' x'],
  ['ISO 8601, Newfoundland', 'UTC', '2026-11-22T12:32:01-03:30 x', at, ' x'],
  ['ISO 8601, Kathmandu', 'UTC', '2026-11-22T21:47:01+05:45 x', at, ' x'],
  [
    'ISO 8601, nanoseconds',
    'UTC',
    '2026-11-22T16:02:01.123456789Z x',
    '2026-11-22T16:02:01.123456789Z',
    ' x',
  ],
  ['ISO 8601, no zone', 'Asia/Kolkata', '2026-11-22T21:32:01 x', at, ' x'],
  ['ISO 8601, small letters', 'UTC', '2026-11-22t16:02:01z x', at, ' x'],
  ['ISO 8601, basic form', 'UTC', '20261122T160201Z x', at, ' x'],
  ['basic date', 'UTC', '20261122 16:02:01 x', at, ' x'],
  ['Java, ZonedDateTime', 'UTC', '2026-11-22T16:02:01Z[UTC] x', at, ' x'],
  ['Java, with a region', 'UTC', '2026-11-22T17:02:01.123+01:00[Europe/Berlin] x', thousandth, ' x'],
  ['log4j', 'UTC', '2026-11-22 16:02:01,123 WARN  [org.x] x', thousandth, ' WARN  [org.x] x'],
  ['java.util.logging', 'UTC', 'Nov 22, 2026 4:02:01 PM org.x.Y z', at, ' org.x.Y z'],
  ['java.util.logging, Java 20', 'UTC', 'Nov 22, 2026 4:02:01\u202fPM org.x.Y z', at, ' org.x.Y z'],
  ['java.util.Date', 'UTC', 'Sun Nov 22 17:02:01 CET 2026 x', at, ' x'],
  ['Dropwizard', 'UTC', 'INFO  [2026-11-22 16:02:01,123] org.x: y', thousandth, 'INFO  [] org.x: y'],
  ['Tomcat', 'UTC', '22-Nov-2026 16:02:01.123 SEVERE [main] x', thousandth, ' SEVERE [main] x'],
  ['BIND', 'UTC', '22-Nov-2026 16:02:01.123 security: info: x', thousandth, ' security: info: x'],
  ['PHP', 'UTC', '[22-Nov-2026 16:02:01 UTC] PHP Warning: x', at, '[] PHP Warning: x'],
  ['PHP in Berlin', 'UTC', '[22-Nov-2026 17:02:01 Europe/Berlin] PHP Warning: x', at, '[] PHP Warning: x'],
  ['Roundcube', 'UTC', '[22-Nov-2026 17:02:01 +0100]: <x> IMAP Error', at, '[]: <x> IMAP Error'],
  ['nginx, error log', 'UTC', '2026/11/22 16:02:01 [error] 7#7: x', at, ' [error] 7#7: x'],
  [
    'nginx, access log',
    'UTC',
    '203.0.113.7 - - [22/Nov/2026:17:02:01 +0100] "GET / HTTP/1.1" 401',
    at,
    '203.0.113.7 - - [] "GET / HTTP/1.1" 401',
  ],
  [
    'Apache, access log with a virtual host',
    'UTC',
    'example.org:443 2001:db8::7 - bob [22/Nov/2026:16:02:01 +0000] "GET /"',
    at,
    'example.org:443 2001:db8::7 - bob [] "GET /"',
  ],
  [
    'Apache, host names looked up',
    'UTC',
    'dsl.example.net - - [22/Nov/2026:16:02:01 +0000] "GET /"',
    at,
    'dsl.example.net - - [] "GET /"',
  ],
  [
    'Apache, error log',
    'UTC',
    '[Sun Nov 22 16:02:01.123456 2026] [core:error] x',
    millionth,
    '[] [core:error] x',
  ],
  ['ModSecurity', 'UTC', '[22/Nov/2026:17:02:01.123456 +0100] x', millionth, '[] x'],
  [
    'nginx, $time_iso8601 in the bracket',
    'UTC',
    '203.0.113.7 - - [2026-11-22T17:02:01+01:00] "GET /"',
    at,
    '203.0.113.7 - - [] "GET /"',
  ],
  [
    'Python, http.server',
    'UTC',
    '203.0.113.7 - - [22/Nov/2026 16:02:01] "GET /"',
    at,
    '203.0.113.7 - - [] "GET /"',
  ],
  [
    'HAProxy by itself',
    'UTC',
    'haproxy[7]: 203.0.113.7:4242 [22/Nov/2026:16:02:01.123] web x',
    thousandth,
    'haproxy[7]: 203.0.113.7:4242 [] web x',
  ],
  [
    'HAProxy through syslog',
    'UTC',
    'Nov 22 16:02:01 lb haproxy[7]: 203.0.113.7:4242 [22/Nov/2026:15:59:59.123] web x',
    at,
    ' lb haproxy[7]: 203.0.113.7:4242 [22/Nov/2026:15:59:59.123] web x',
  ],
  [
    'uWSGI',
    'UTC',
    '[pid: 12|app: 0|req: 1/1] 203.0.113.7 () {40 vars in 8 bytes} [Sun Nov 22 16:02:01 2026] GET /',
    at,
    '[pid: 12|app: 0|req: 1/1] 203.0.113.7 () {40 vars in 8 bytes} [] GET /',
  ],
  [
    'Proxmox',
    'UTC',
    '203.0.113.7 - root@pam [22/11/2026:17:02:01 +0100] "POST /"',
    at,
    '203.0.113.7 - root@pam [] "POST /"',
  ],
  ['lighttpd', 'UTC', '2026-11-22 16:02:01: (mod_auth.c.1) x', at, ': (mod_auth.c.1) x'],
  ['MySQL', 'Europe/Berlin', '2026-11-22T16:02:01.123456Z 12 [Note] x', millionth, ' 12 [Note] x'],
  ['MariaDB', 'Europe/Berlin', '2026-11-22 17:02:01 12 [Warning] x', at, ' 12 [Warning] x'],
  ['MySQL 5.6', 'UTC', '261122 16:02:01 [Warning] x', at, ' [Warning] x'],
  ['MySQL 5.6, morning', 'UTC', '261122  6:02:01 [Warning] x', '2026-11-22T06:02:01Z', ' [Warning] x'],
  ['MariaDB, morning', 'UTC', '2026-11-22  6:02:01 3 [Note] x', '2026-11-22T06:02:01Z', ' 3 [Note] x'],
  ['PostgreSQL', 'Europe/Berlin', '2026-11-22 16:02:01.123 UTC [12] FATAL: x', thousandth, ' [12] FATAL: x'],
  ['PostgreSQL, CET', 'UTC', '2026-11-22 17:02:01.123 CET [12] FATAL: x', thousandth, ' [12] FATAL: x'],
  ['PostgreSQL, EST', 'UTC', '2026-11-22 11:02:01 EST [12] FATAL: x', at, ' [12] FATAL: x'],
  ['PostgreSQL, CST in China', 'Asia/Shanghai', '2026-11-23 00:02:01 CST [12] x', at, ' [12] x'],
  ['PostgreSQL, CST in America', 'America/Chicago', '2026-11-22 10:02:01 CST [12] x', at, ' [12] x'],
  ['PostgreSQL, IST', 'Asia/Kolkata', '2026-11-22 21:32:01 IST [12] x', at, ' [12] x'],
  ['pgbouncer', 'UTC', '2026-11-22 16:02:01.123 UTC [12] LOG x', thousandth, ' [12] LOG x'],
  ['SQL Server', 'UTC', '2026-11-22 16:02:01.12 Logon x', '2026-11-22T16:02:01.12Z', ' Logon x'],
  ['MongoDB', 'UTC', '{"t":{"$date":"2026-11-22T17:02:01.123+01:00"},"s":"I"}', thousandth, 'whole'],
  ['Redis', 'UTC', '12:M 22 Nov 2026 16:02:01.123 # x', thousandth, '12:M  # x'],
  ['Squid', 'UTC', '1795363321.123     87 203.0.113.7 TCP_DENIED/407 x', thousandth, '     87 203.0.113.7'],
  ['Squid, cache.log', 'UTC', '2026/11/22 16:02:01| x', at, '| x'],
  ['Nagios', 'UTC', '[1795363321] SERVICE ALERT: x', at, '[] SERVICE ALERT: x'],
  ['Mosquitto', 'UTC', '1795363321: New connection', at, ': New connection'],
  ['epoch in milliseconds', 'UTC', '1795363321123 x', thousandth, ' x'],
  ['epoch in microseconds', 'UTC', '1795363321123456 x', millionth, ' x'],
  ['epoch in nanoseconds', 'UTC', '1795363321123456000 x', millionth, ' x'],
  [
    'auditd',
    'UTC',
    'type=USER_LOGIN msg=audit(1795363321.123:45): x',
    thousandth,
    'type=USER_LOGIN msg=audit(:45): x',
  ],
  ['multilog, TAI64N', 'UTC', '@400000006b03120300000000 x', '2026-11-22T16:02:01Z', ' x'],
  ['Exim', 'UTC', '2026-11-22 16:02:01 login authenticator failed', at, ' login authenticator failed'],
  ['Exim with a zone', 'UTC', '2026-11-22 17:02:01.123 +0100 x', thousandth, ' x'],
  ['Dovecot', 'UTC', 'Nov 22 16:02:01 imap-login: Info: x', at, ' imap-login: Info: x'],
  ['vsftpd', 'UTC', 'Sun Nov 22 16:02:01 2026 [pid 2] x', at, ' [pid 2] x'],
  ['ProFTPD', 'UTC', '2026-11-22 16:02:01,123 host proftpd[7] x', thousandth, ' host proftpd[7] x'],
  ['Asterisk', 'UTC', '[2026-11-22 16:02:01] NOTICE[7]: x', at, '[] NOTICE[7]: x'],
  ['Asterisk, no year', 'UTC', '[Nov 22 16:02:01] NOTICE[7]: x', at, '[] NOTICE[7]: x'],
  ['Samba', 'UTC', '[2026/11/22 16:02:01.123456,  0] x', millionth, '[,  0] x'],
  ['OpenVPN', 'UTC', '2026-11-22 16:02:01 203.0.113.7:1194 x', at, ' 203.0.113.7:1194 x'],
  ['FreeRADIUS', 'UTC', 'Sun Nov 22 16:02:01 2026 : Auth: x', at, ' : Auth: x'],
  ['IIS, W3C', 'UTC', '2026-11-22 16:02:01 192.0.2.1 GET /', at, ' 192.0.2.1 GET /'],
  ['Germany', 'Europe/Berlin', '22.11.2026 17:02:01 x', at, ' x'],
  ['Germany, browsers', 'Europe/Berlin', '22.11.2026, 17:02:01 x', at, ' x'],
  ['Britain', 'Europe/London', '22/11/2026 16:02:01 x', at, ' x'],
  ['France, hyphens', 'Europe/Paris', '22-11-2026 17:02:01 x', at, ' x'],
  ['America', 'UTC', '11/22/2026 16:02:01 x', at, ' x'],
  ['America, twelve hours', 'America/New_York', '11/22/2026 11:02:01 AM x', at, ' x'],
  ['America, midnight', 'UTC', '11/22/2026 12:00:01 AM x', '2026-11-22T00:00:01Z', ' x'],
  ['America, noon', 'UTC', '11/22/2026 12:00:01 PM x', '2026-11-22T12:00:01Z', ' x'],
  ['same day and month', 'UTC', '11/11/2026 16:02:01 x', '2026-11-11T16:02:01Z', ' x'],
  ['NestJS', 'UTC', '[Nest] 12  - 11/22/2026, 4:02:01 PM     LOG x', at, '[Nest] 12  -      LOG x'],
  ['Suricata', 'UTC', '11/22/2026-16:02:01.123456  [**] x', millionth, '  [**] x'],
  ['Gin', 'UTC', '[GIN] 2026/11/22 - 16:02:01 | 401 | x', at, '[GIN]  | 401 | x'],
  ['Go', 'UTC', '2026/11/22 16:02:01.123456 x', millionth, ' x'],
  ['klog', 'UTC', 'I1122 16:02:01.123456   12345 server.go:1] x', millionth, '   12345 server.go:1] x'],
  ['logrus', 'UTC', 'time="2026-11-22T16:02:01Z" level=info x', at, 'time="" level=info x'],
  ['slog', 'UTC', 'time=2026-11-22T17:02:01.123+01:00 level=INFO x', thousandth, 'time= level=INFO x'],
  ['Grafana', 'UTC', 't=2026-11-22T16:02:01+0000 lvl=info x', at, 't= lvl=info x'],
  ['Ruby', 'UTC', 'I, [2026-11-22T16:02:01.123456 #12]  INFO -- : x', millionth, 'I, [ #12]  INFO -- : x'],
  ['Python', 'UTC', 'WARNING: 2026-11-22 16:02:01,123 x', thousandth, 'WARNING:  x'],
  ['gunicorn', 'UTC', '[2026-11-22 17:02:01 +0100] [12] [INFO] x', at, '[] [12] [INFO] x'],
  ['Vaultwarden', 'UTC', '[2026-11-22 16:02:01.123][x::y][ERROR] z', thousandth, '[][x::y][ERROR] z'],
  ['Jellyfin', 'UTC', '[2026-11-22 17:02:01.123 +01:00] [INF] x', thousandth, '[] [INF] x'],
  ['qBittorrent', 'UTC', '(W) 2026-11-22T16:02:01 - WebAPI login failure', at, '(W)  - WebAPI login failure'],
  ['Mumble', 'UTC', '<W>2026-11-22 16:02:01.123 1 => x', thousandth, '<W> 1 => x'],
  ['Caddy', 'UTC', '{"level":"info","ts":1795363321.123,"msg":"x"}', thousandth, 'whole'],
  ['GitLab', 'UTC', '{"severity":"WARN","time":"2026-11-22T16:02:01.123Z","x":1}', thousandth, 'whole'],
  ['Nextcloud', 'UTC', '{"reqId":"Zq1","level":2,"time":"2026-11-22T16:02:01+00:00"}', at, 'whole'],
  ['Elasticsearch', 'UTC', '{"@timestamp": "2026-11-22T16:02:01.123Z"}', thousandth, 'whole'],
  ['Email', 'UTC', 'Sun, 22 Nov 2026 17:02:01 +0100 x', at, ' x'],
  ['a byte order mark', 'UTC', '\ufeff2026-11-22 16:02:01 x', at, '\ufeff x'],
  ['leap second', 'UTC', '2016-12-31T23:59:60Z x', '2017-01-01T00:00:00Z', ' x'],
  ['leap day', 'UTC', '2024-02-29 12:00:00 x', '2024-02-29T12:00:00Z', ' x'],
];

for (const [program, zone, line, time, rest] of formats) {
  test(`${program}: ${line}`, () => {
    const found = new DateReader(zone).find(line, now);
    assert.ok(found !== null, 'no date is found');
    assert.equal(nanosecondsOf(found.time), nanosecondsOf(seconds(time)));
    const left = line.slice(0, found.start) + line.slice(found.end);
    assert.equal(left.slice(0, rest === 'whole' ? undefined : Math.max(rest.length, 1)), restOf(rest, line));
  });
}

function restOf(rest: string, line: string): string {
  return rest === 'whole' ? line : rest;
}

/** A date of 2026 in seconds is exact to a quarter of a microsecond. */
function nanosecondsOf(time: number | null): string {
  return time === null ? 'unclear' : time.toFixed(6);
}

function seconds(time: string): number {
  const [, whole = '', fraction = '0'] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return Date.parse(`${whole}Z`) / 1_000 + Number(`0.${fraction}`);
}

test('these are at least sixty', () => assert.ok(formats.length >= 60));

test('one reader reads them all, in any order, as many do', () => {
  for (const zone of new Set(formats.map(([, each]) => each))) {
    const reader = new DateReader(zone);
    const lines = formats.map(([, , line]) => line);
    for (const line of [...lines, ...lines.toReversed(), ...lines.flatMap((each) => [each, each])]) {
      assert.deepEqual(reader.find(line, now), new DateReader(zone).find(line, now), line);
    }
  }
});

/** Dates, for a reader, whose time is not certain: they are cut out, and the line counts as undated. */
const unclear: readonly (readonly [why: string, zone: string, line: string, rest: string])[] = [
  ['May or June', 'Europe/London', '05/06/2026 16:02:01 x', ' x'],
  ['May or June, twelve hours', 'UTC', '5/6/2026, 4:02:01 PM x', ' x'],
  [
    'May or June, in a bracket',
    'UTC',
    '203.0.113.7 - - [05/06/2026:16:02:01 +0100] "GET"',
    '203.0.113.7 - - []',
  ],
  ['India or Israel', 'UTC', '2026-11-22 16:02:01 IST [12] x', ' [12] x'],
  ['China or America', 'Europe/Berlin', '2026-11-22 16:02:01 CST x', ' x'],
  // A user name that holds a date, before the one that the server wrote: neither is believed.
  [
    'a client wrote one',
    'UTC',
    '203.0.113.7 - x [22/Nov/2020:16:02:01 +0000] [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1" 401',
    '203.0.113.7 - x [22/Nov/2020:16:02:01 +0000] [] "GET',
  ],
  [
    'a client wrote one, and a quote',
    'UTC',
    String.raw`203.0.113.7 - x [22/Nov/2020:16:02:01 +0000] \" [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1"`,
    String.raw`203.0.113.7 - x [22/Nov/2020:16:02:01 +0000] \" [] "GET`,
  ],
];

for (const [why, zone, line, rest] of unclear) {
  test(`${why}: "${line}" has no certain time`, () => {
    const found = new DateReader(zone).find(line, now);
    assert.equal(found?.time, null);
    assert.ok((line.slice(0, found?.start) + line.slice(found?.end)).startsWith(rest));
  });
}

/** No dates, or none that the program wrote. */
const none: readonly string[] = [
  '[12345.678] usb 1-1: new device',
  '1234567890123456789012 x',
  '9999999999 an identifier that would be a time to come',
  '12345 x',
  '203.0.113.7 x',
  '16:02:01 x',
  '2026-11-22 x',
  '2026-11-22T16:02 x',
  '2026-13-22 16:02:01 x',
  '2026-11-31 16:02:01 x',
  '2026-11-00 16:02:01 x',
  '2026-11-22 24:00:00 x',
  '2026-11-22 16:60:00 x',
  '2026-11-22T16:02:01+99:00 x',
  '2026-11-22T16:02:01+01:77 x',
  '2026-11-22 16:02:011 x',
  '2025-02-29 16:02:01 x',
  '32.11.2026 16:02:01 x',
  '32/13/2026 16:02:01 x',
  '11/22/2026 13:02:01 PM x',
  '11/22/2026 0:02:01 AM x',
  '261322 16:02:01 x',
  '[22-Nov-2026 16:02:01 Mars/Olympus] x',
  'Nov 31 16:02:01 x',
  'Foo 22 16:02:01 x',
  'I1322 16:02:01.123456 x',
  '@4000000069 x',
  '@400000006b0311430fffffffff x',
  '@400000006b031143ffffffff x',
  // What a client could have chosen.
  'Failed password for invalid user [22/Nov/2020:16:02:01 +0000] from 203.0.113.7',
  'sshd[7]: Failed password for [2020-01-01 00:00:00] from 203.0.113.7',
  'sshd[7]: Invalid user 198.51.100.9 [22/Nov/2020:16:02:01 +0000] from 203.0.113.7',
  'User 198.51.100.9 [22/Nov/2020:16:02:01 +0000] from 203.0.113.7 not allowed',
  'WARNING:app.auth:login failed for [2020-01-01 00:00:00]',
  'app [2020-01-01 00:00:00] x',
  '203.0.113.7 "GET /[22/Nov/2020:16:02:01 +0000]"',
  `203.0.113.7 - ${'x'.repeat(2_000)} [22/Nov/2026:16:02:01 +0000] "GET / HTTP/1.1" 401`,
  '{"user":"a b","time":"2020-01-01T00:00:00Z"}',
  String.raw`{"user":"a\",\"time\":\"2020-01-01T00:00:00Z"}`,
  'user=x time=2020-01-01T00:00:00Z',
];

for (const line of none) {
  test(`no date: ${line.slice(0, 80)}`, () => assert.equal(new DateReader('UTC').find(line, now), null));
}

test('what a client writes behind the date changes nothing', () => {
  const hostile = ' [22/Nov/2020:16:02:01 +0000] 2020-01-01T00:00:00Z Nov  1 00:00:00 1000000000 PM CET';
  for (const [program, zone, line, time, rest] of formats) {
    // Directly behind the date only the program writes.
    if (rest === ' x' || rest === 'whole') continue;
    const found = new DateReader(zone).find(`${line}${hostile}`, now);
    const taken = found?.time ?? null;
    const chosen = taken !== null && nanosecondsOf(taken) !== nanosecondsOf(seconds(time));
    assert.equal(chosen, false, program);
  }
});

/** Wall clock, present, and the time in UTC. */
const turns: readonly (readonly [zone: string, line: string, present: string, time: string])[] = [
  // The hour that comes twice: an abbreviation or the present tells which one it is.
  ['Europe/Berlin', '2026-10-25 02:30:00 CEST x', '2026-10-25T03:00:00Z', '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25 02:30:00 CET x', '2026-10-25T03:00:00Z', '2026-10-25T01:30:00Z'],
  ['America/Chicago', '2026-11-01 01:30:00 CDT x', '2026-11-01T08:00:00Z', '2026-11-01T06:30:00Z'],
  ['America/Chicago', '2026-11-01 01:30:00 CST x', '2026-11-01T08:00:00Z', '2026-11-01T07:30:00Z'],
  ['America/New_York', 'Nov  1 01:30:00 x', '2026-11-01T05:30:01Z', '2026-11-01T05:30:00Z'],
  ['America/New_York', 'Nov  1 01:30:00 x', '2026-11-01T06:30:01Z', '2026-11-01T06:30:00Z'],
  ['Pacific/Auckland', 'Apr  5 02:30:00 x', '2026-04-04T13:30:01Z', '2026-04-04T13:30:00Z'],
  ['Pacific/Auckland', 'Apr  5 02:30:00 x', '2026-04-04T14:30:01Z', '2026-04-04T14:30:00Z'],
  ['Pacific/Chatham', 'Apr  5 03:15:00 x', '2026-04-04T13:30:01Z', '2026-04-04T13:30:00Z'],
  ['Pacific/Chatham', 'Apr  5 03:15:00 x', '2026-04-04T14:30:01Z', '2026-04-04T14:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-05 01:45:00 x', '2026-04-04T14:45:01Z', '2026-04-04T14:45:00Z'],
  ['Australia/Lord_Howe', '2026-04-05 01:45:00 x', '2026-04-04T15:15:01Z', '2026-04-04T15:15:00Z'],
  // Just before and behind the hour that is skipped, and within it.
  ['Pacific/Chatham', '2026-09-27 02:44:59 x', '2026-09-26T14:00:00Z', '2026-09-26T13:59:59Z'],
  ['Pacific/Chatham', '2026-09-27 03:45:00 x', '2026-09-26T14:00:00Z', '2026-09-26T14:00:00Z'],
  ['America/New_York', '2026-03-08 01:59:59 x', '2026-03-08T07:00:00Z', '2026-03-08T06:59:59Z'],
  ['America/New_York', '2026-03-08 03:00:00 x', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-03-08 02:30:00 x', '2026-03-08T07:30:00Z', '2026-03-08T07:30:00Z'],
  // Quarters of an hour, and the far ends.
  ['Asia/Kathmandu', '2026-11-22 21:47:01 x', '2026-11-22T16:02:01Z', '2026-11-22T16:02:01Z'],
  ['Pacific/Kiritimati', '2026-11-23 06:02:01 x', '2026-11-22T16:02:01Z', '2026-11-22T16:02:01Z'],
  ['Pacific/Pago_Pago', '2026-11-22 05:02:01 x', '2026-11-22T16:02:01Z', '2026-11-22T16:02:01Z'],
  // Years that begin and end elsewhere, in dates that name none.
  ['UTC', 'Dec 31 23:59:59 x', '2027-01-01T00:00:05Z', '2026-12-31T23:59:59Z'],
  ['UTC', 'Jan  1 00:00:01 x', '2027-01-01T00:00:05Z', '2027-01-01T00:00:01Z'],
  ['Pacific/Kiritimati', 'Jan  1 00:00:01 x', '2026-12-31T10:00:05Z', '2026-12-31T10:00:01Z'],
  ['Pacific/Kiritimati', 'Dec 31 23:59:59 x', '2026-12-31T10:00:05Z', '2026-12-31T09:59:59Z'],
  ['Pacific/Pago_Pago', 'Dec 31 23:59:59 x', '2027-01-01T10:59:59Z', '2027-01-01T10:59:59Z'],
  ['Pacific/Pago_Pago', 'Jan  1 00:00:01 x', '2027-01-01T11:00:05Z', '2027-01-01T11:00:01Z'],
  // A clock that is ahead by some minutes, around midnight.
  ['UTC', 'Jan  1 00:05:00 x', '2026-12-31T23:59:00Z', '2027-01-01T00:05:00Z'],
  ['UTC', 'Feb 29 12:00:00 x', '2028-02-29T12:00:05Z', '2028-02-29T12:00:00Z'],
  ['UTC', 'Feb 29 12:00:00 x', '2029-01-05T12:00:05Z', '2028-02-29T12:00:00Z'],
  ['UTC', 'Dec 31 23:59:60 x', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
];

for (const [zone, line, present, time] of turns) {
  test(`"${line}" in ${zone}, read at ${present}`, () => {
    const found = new DateReader(zone).find(line, Date.parse(present) / 1_000);
    assert.equal(
      new Date(Number(found?.time ?? Number.NaN) * 1_000).toISOString(),
      new Date(time).toISOString(),
    );
  });
}
