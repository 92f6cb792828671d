import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Random, randomOf } from '../test/fuzz/random.ts';

/** Makes one line without its date; `address` is whom it is about. */
type LineMaker = (random: Random, address: string) => string;

/** Lines of one program as it writes them, with its date. */
export interface LogLines {
  readonly name: string;
  /** fail2ban's filter, where Debian's package has one. */
  readonly fail2ban: string | null;
  readonly line: (date: Date, text: string) => string;
  readonly failures: readonly [LineMaker, ...LineMaker[]];
  readonly others: readonly [LineMaker, ...LineMaker[]];
}

export interface LogKind extends LogLines {
  /** Bailiff's filter: a shipped one, or one of bench/filters. */
  readonly filter: string;
}

const users = ['root', 'admin', 'test', 'oracle', 'postgres', 'ubuntu', 'git', 'deploy'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (number: number): string => String(number).padStart(2, '0');
const clock = (date: Date): string =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
const month = (date: Date): string => months[date.getUTCMonth()] ?? '';
const pid = (random: Random): number => 1_000 + random.below(60_000);
const port = (random: Random): number => 1_024 + random.below(60_000);
const user = (random: Random): string => random.pick(users);

/** As rsyslog writes it. */
const syslogLine = (date: Date, text: string): string =>
  `${month(date)} ${String(date.getUTCDate()).padStart(2)} ${clock(date)} host ${text}`;

const pages = [
  '/',
  '/index.html',
  '/css/site.css',
  '/js/app.js',
  '/img/logo.svg',
  '/api/items?page=2',
] as const;
const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1',
  'curl/8.5.0',
] as const;

const access =
  (status: string): LineMaker =>
  (random, address) =>
    `${address} - - [DATE] "GET ${random.pick(pages)} HTTP/1.1" ${status} ${random.below(90_000)} "-" "${random.pick(agents)}"`;

const traefik =
  (status: number): LineMaker =>
  (random, address) =>
    `{"ClientAddr":"${address}:${port(random)}","ClientHost":"${address}","DownstreamStatus":${status},"Duration":${random.below(9_000_000)},"RequestMethod":"GET","RequestPath":"${random.pick(pages)}","RouterName":"web@docker","level":"info","msg":"","time":"DATE"}`;

const caddy =
  (status: number): LineMaker =>
  (random, address) =>
    `{"level":"info","ts":DATE,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"${address}","remote_port":"${port(random)}","proto":"HTTP/2.0","method":"GET","host":"example.org","uri":"${random.pick(pages)}"},"bytes_read":0,"duration":0.000${random.below(1_000)},"size":${random.below(90_000)},"status":${status}}`;

/** Refused mail, which fail2ban's filter finds in its usual mode, as it does not wrong passwords. */
const refused: LineMaker = (random, address) =>
  `postfix/smtpd[${pid(random)}]: NOQUEUE: reject: RCPT from unknown[${address}]: 554 5.7.1 <x@example.net>: Relay access denied; from=<a@example.com> to=<x@example.net> proto=ESMTP helo=<x>`;

const at = (date: Date, text: string): string => {
  const day = `${two(date.getUTCDate())}/${month(date)}/${date.getUTCFullYear()}`;
  return text.replace('DATE', `${day}:${clock(date)} +0000`);
};

export const logKinds: readonly LogKind[] = [
  {
    name: 'sshd',
    filter: 'sshd',
    fail2ban: 'sshd',
    line: syslogLine,
    failures: [
      (random, address) =>
        `sshd[${pid(random)}]: Failed password for ${user(random)} from ${address} port ${port(random)} ssh2`,
      (random, address) =>
        `sshd[${pid(random)}]: Failed password for invalid user ${user(random)} from ${address} port ${port(random)} ssh2`,
      (random, address) =>
        `sshd[${pid(random)}]: Invalid user ${user(random)} from ${address} port ${port(random)}`,
    ],
    others: [
      (random) =>
        `CRON[${pid(random)}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)`,
      (random) => `CRON[${pid(random)}]: pam_unix(cron:session): session closed for user root`,
      (random) => `systemd-logind[612]: New session ${random.below(9_999)} of user deploy.`,
      () => 'sudo:   deploy : TTY=pts/0 ; PWD=/srv/app ; USER=root ; COMMAND=/usr/bin/systemctl reload nginx',
      (random, address) =>
        `sshd[${pid(random)}]: Accepted publickey for deploy from ${address} port ${port(random)} ssh2: ED25519 SHA256:yZ3mXk2o8n1QdQ5c4v9Jw0rT7uE6bA1sHfGpLxKiN8c`,
      (random) =>
        `sshd[${pid(random)}]: pam_unix(sshd:session): session opened for user deploy(uid=1000) by (uid=0)`,
      (random) => `sshd[${pid(random)}]: pam_unix(sshd:session): session closed for user deploy`,
    ],
  },
  {
    name: 'nginx, error log',
    filter: 'nginx-http-auth',
    fail2ban: 'nginx-http-auth',
    line: (date, text) =>
      `${date.getUTCFullYear()}/${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())} ${clock(date)} ${text}`,
    failures: [
      (random, address) =>
        `[error] 31#31: *${pid(random)} user "${user(random)}": password mismatch, client: ${address}, server: example.org, request: "GET /admin HTTP/1.1", host: "example.org"`,
      (random, address) =>
        `[error] 31#31: *${pid(random)} user "${user(random)}" was not found in "/etc/nginx/htpasswd", client: ${address}, server: example.org, request: "GET /admin HTTP/1.1", host: "example.org"`,
    ],
    others: [
      (random, address) =>
        `[error] 31#31: *${pid(random)} open() "/srv/www/favicon.ico" failed (2: No such file or directory), client: ${address}, server: example.org, request: "GET /favicon.ico HTTP/1.1", host: "example.org"`,
      (random, address) =>
        `[warn] 31#31: *${pid(random)} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/5/01/0000000015, client: ${address}, server: example.org, request: "GET /api/items HTTP/1.1"`,
    ],
  },
  {
    name: 'nginx, access log',
    filter: 'bench-access',
    fail2ban: null,
    line: at,
    failures: [access('401')],
    others: [access('200'), access('304'), access('200')],
  },
  {
    name: 'postfix',
    filter: 'bench-postfix',
    fail2ban: 'postfix',
    line: syslogLine,
    failures: [
      (random, address) =>
        `postfix/smtpd[${pid(random)}]: warning: unknown[${address}]: SASL LOGIN authentication failed: authentication failure`,
      refused,
    ],
    others: [
      (random, address) => `postfix/smtpd[${pid(random)}]: connect from mail.example.net[${address}]`,
      (random, address) =>
        `postfix/smtpd[${pid(random)}]: disconnect from mail.example.net[${address}] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5`,
      (random) =>
        `postfix/qmgr[812]: ${pid(random)}A4F1: from=<shop@example.org>, size=${pid(random)}, nrcpt=1 (queue active)`,
      (random) =>
        `postfix/smtp[${pid(random)}]: A4F1${pid(random)}: to=<bob@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1.2, dsn=2.0.0, status=sent (250 2.0.0 Ok)`,
    ],
  },
  {
    name: 'traefik, JSON',
    filter: 'bench-traefik',
    fail2ban: null,
    line: (date, text) => text.replace('DATE', `${date.toISOString().slice(0, 19)}Z`),
    failures: [traefik(401)],
    others: [traefik(200), traefik(304)],
  },
  {
    name: 'caddy, JSON',
    filter: 'bench-caddy',
    fail2ban: null,
    line: (date, text) => text.replace('DATE', (date.getTime() / 1_000).toFixed(3)),
    failures: [caddy(401)],
    others: [caddy(200), caddy(304)],
  },
];

const mailSession = 'yVBsWuRjrOkuZpbo';

const dovecot: LogLines = {
  name: 'dovecot',
  fail2ban: 'dovecot',
  line: syslogLine,
  failures: [
    (random, address) =>
      `dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<${user(random)}>, method=PLAIN, rip=${address}, lip=203.0.113.5, TLS, session=<${mailSession}>`,
    (random, address) =>
      `dovecot: auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=${user(random)} rhost=${address}`,
    (random, address) =>
      `dovecot: auth-worker(${pid(random)}): sql(${user(random)},${address}): unknown user`,
  ],
  others: [
    (random, address) =>
      `dovecot: imap-login: Login: user=<deploy>, method=PLAIN, rip=${address}, lip=203.0.113.5, mpid=${pid(random)}, TLS, session=<${mailSession}>`,
    (random) =>
      `dovecot: imap(deploy)<${pid(random)}><${mailSession}>: Disconnected: Logged out in=${pid(random)} out=${pid(random)} deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0`,
    (random) =>
      `dovecot: lmtp(deploy)<${pid(random)}><${mailSession}>: sieve: msgid=<${pid(random)}@example.net>: stored mail into mailbox 'INBOX'`,
  ],
};

/** Logs of which each failure is found by the filter that fail2ban comes with. */
export const fail2banLogs: readonly LogLines[] = [
  ...logKinds
    .filter(({ fail2ban }) => fail2ban !== null)
    .map((kind) => (kind.name === 'postfix' ? { ...kind, failures: [refused] as const } : kind)),
  dovecot,
];

/** The same log for the same arguments: `share` of the lines are failures; the last is as old as `until`. */
export async function writeLog(
  path: string,
  kind: LogLines,
  { lines, share, until }: { lines: number; share: number; until: Date },
): Promise<void> {
  const random = randomOf(20_261_127);
  const file = createWriteStream(path);
  let part = '';
  for (let line = 0; line < lines; line++) {
    // Some hundred lines a second, as in a busy log.
    const date = new Date(until.getTime() - Math.floor((lines - line) / 200) * 1_000);
    const makers = random.below(10_000) < share * 10_000 ? kind.failures : kind.others;
    const address = `198.51.${random.below(100)}.${1 + random.below(250)}`;
    part += `${kind.line(date, random.pick(makers)(random, address))}\n`;
    if (part.length > 4_000_000 || line === lines - 1) {
      if (!file.write(part)) await once(file, 'drain');
      part = '';
    }
  }
  file.end();
  await once(file, 'close');
}
