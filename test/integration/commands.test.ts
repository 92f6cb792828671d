import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { program } from '../../src/cli.ts';
import { acts, eachCommand } from '../../src/commands/guide.ts';
import { answers } from '../../src/control/answers.ts';
import type {
  AllowAnswer,
  JailChange,
  ListedJail,
  NeverBanned,
  ReloadAnswer,
  Status,
} from '../../src/control/protocol.ts';
import { routes } from '../../src/control/routes.ts';
import type { Ban } from '../../src/core/types.ts';
import { ask } from '../setup/ask.ts';
import { runCommandLines } from '../setup/command-lines.ts';
import { dnsServer, type Zone } from '../setup/dns-server.ts';
import { DryDaemon } from '../setup/dry-daemon.ts';
import { folderOf } from '../setup/folder.ts';
import { freePort } from '../setup/free-port.ts';
import { openApiProblem } from '../setup/openapi.ts';

const lists = folderOf({
  friends: '192.0.2.0/28 # the office\n192.0.2.256\n',
  'is-friend': '#!/bin/sh\n[ "$#" = 1 ] && grep -qxF "$1" "$(dirname "$0")/known"\n',
  known: '198.18.0.7\n',
  'fail2ban/jail.conf': '[sshd]\nenabled = true\nfilter = sshd\nlogpath = /var/log/auth.log\n',
  'fail2ban/filter.d/sshd.conf': '[Definition]\nfailregex = ^Failed .* from <HOST>$\n',
  'bans.json': '{"bailiff":"bans","bans":[]}',
  'hosts.allow': 'sshd: 192.0.2.64/26 EXCEPT 192.0.2.64/27\nALL: ALL\n',
});
const friend = path.join(lists, 'is-friend');
chmodSync(friend, 0o755);
const port = await freePort();
const token = 't'.repeat(32);
const daemon = new DryDaemon({
  BAILIFF_IGNOREIP: `.example.jp file:${lists}/friends hosts.allow:sshd:${lists}/hosts.allow command:${friend}`,
  BAILIFF_API_LISTEN: String(port),
  BAILIFF_API_READ_TOKEN: 'r'.repeat(32),
  BAILIFF_API_WRITE_TOKEN: token,
  BAILIFF_NOTIFY_OK_TYPE: 'command',
  BAILIFF_NOTIFY_OK_COMMAND: '/bin/true',
  BAILIFF_NOTIFY_OK_KINDS: 'problem',
});
const { commands } = daemon;
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const esc = '\u001b';

interface TopLook {
  readonly time: number;
  readonly ready: boolean;
  readonly banned: number;
  readonly rates: Readonly<Record<string, number>>;
  readonly worst: readonly Ban[];
  readonly newest: readonly Ban[];
}

const zone: Zone = new Map([
  ['PTR 70.0.18.198.in-addr.arpa', ['host.example.jp']],
  ['A host.example.jp', ['198.18.0.70']],
  // Whoever owns an address says of it what he likes.
  ['PTR 71.0.18.198.in-addr.arpa', ['host.example.jp']],
]);
const { server } = await dnsServer({ after }, zone);

before(async () => {
  for (const question of ['reverse', 'resolve4', 'resolve6'] as const) askAt(server, question);
  await daemon.start();
  daemon.fail('203.0.113.7', 4);
  daemon.fail('2001:db8::7', 3);
  await daemon.banned(2);
  await commands.run(['ban', '198.51.100.0/24', '--for', '2d']);
});
after(() => daemon.stop());

/** Has the daemon of this process ask that server in place of the machine's. */
function askAt(server: string, question: 'reverse' | 'resolve4' | 'resolve6'): void {
  const { [question]: original } = Resolver.prototype;
  mock.method(Resolver.prototype, question, function (this: Resolver, about: string) {
    this.setServers([server]);
    return original.call(this, about);
  });
}

const lines = async (...args: string[]): Promise<string[]> => (await commands.run(args)).stdout.split('\n');

describe('status', () => {
  test('in a pipe is a screen without colours, and the jail comes with what it did', async () => {
    const { stdout, exitCode } = await commands.run(['status']);
    assert.equal(exitCode, 0);
    assert.doesNotMatch(stdout, /\p{Cc}(?<!\n)/u);
    assert.match(stdout, /^Bailiff \S+, up \S+.*: ready$/m);
    assert.match(stdout, /^Enforcement: dry-run by dry-run, 3 banned/m);
    assert.match(stdout, /^sshd +sshd +3 in 10m +10m +drop +7 +2 +2$/m);
    assert.match(stdout, /^file:\S+auth\.log +reading +7 .* 0 B +0 +sshd$/m);
  });

  test('on a terminal is in colour, never with NO_COLOR, and no line is wider than it', async () => {
    const { stdout, exitCode } = await commands.onTerminal(['status'], { columns: 80 });
    assert.equal(exitCode, 0);
    assert.match(stdout, new RegExp(`${esc}\\[32mready${esc}\\[39m`));
    const environment = { NO_COLOR: '1' };
    const plain = (await commands.onTerminal(['status'], { columns: 80, environment })).stdout;
    assert.doesNotMatch(plain, new RegExp(esc));
    const table = plain.split('\n').filter((line) => /^(?:JAIL|sshd|SOURCE|file:)/.test(line));
    assert.equal(table.length, 4);
    for (const line of table) assert.ok(line.length <= 80, line);
  });

  test('--json is the status, and --quiet says it by the exit code', async () => {
    const status = (await commands.json('status')) as Status;
    assert.deepEqual(
      status.jails.map(({ name, active }) => [name, active]),
      [['sshd', 2]],
    );
    const quiet = await commands.run(['status', '--check', '--quiet']);
    assert.deepEqual([quiet.stdout, quiet.stderr, quiet.exitCode], ['', '', 0]);
    const waited = await commands.run(['status', '--wait', '30s', '--quiet']);
    assert.deepEqual([waited.stdout, waited.stderr, waited.exitCode], ['', '', 0]);
    const wrong = await commands.run(['status', 'nosuch', '--quiet']);
    assert.match(wrong.stderr, /there is no jail "nosuch"/);
    assert.deepEqual([wrong.stdout, wrong.exitCode], ['', 1]);
  });

  test('of a jail names whom it bans', async () => {
    assert.ok((await lines('status', 'sshd')).some((line) => line.startsWith('203.0.113.7')));
    const { banned } = (await commands.json('status', 'sshd')) as { banned: Ban[] };
    assert.equal(banned.length, 2);
  });
});

describe('banned', () => {
  const addresses = async (...args: string[]) =>
    ((await commands.json('banned', ...args)) as Ban[]).map(({ address }) => address);

  test('is sorted as asked, and by jail', async () => {
    assert.deepEqual(await addresses('--sort', 'address'), [
      '198.51.100.0/24',
      '203.0.113.7',
      '2001:db8::/64',
    ]);
    assert.equal((await addresses('--sort', 'hits')).at(-1), '198.51.100.0/24');
    assert.equal((await addresses('--sort', 'until')).at(-1), '198.51.100.0/24');
    assert.deepEqual(await addresses('--jail', 'manual'), ['198.51.100.0/24']);
    assert.equal((await lines('banned', '--jail', 'nobody'))[0], 'Nobody is banned by nobody.');
    assert.equal((await commands.run(['banned', '--sort', 'luck'])).exitCode, 2);
  });

  test('is a table, the same on a terminal', async () => {
    const piped = await lines('banned');
    assert.match(piped[0] ?? '', /^ADDRESS +JAIL +HITS +SINCE +LEFT$/);
    assert.equal(piped.length, 4);
    const { stdout } = await commands.onTerminal(['banned']);
    assert.equal(stdout.trimEnd().split('\n')[0], piped[0]);
  });
});

describe('allow', () => {
  test('lets in at once, keeps from a ban, survives a restart, and ends', async () => {
    await commands.run(['ban', '203.0.113.50', '--force']);
    const answer = (await commands.json('allow', '203.0.113.50', '--for', '2h')) as AllowAnswer;
    assert.deepEqual(
      answer.unbanned.map(({ address }) => address),
      ['203.0.113.50'],
    );
    assert.equal(answer.stored, true);
    daemon.fail('198.18.0.9', 3);
    await daemon.banned(4);
    await daemon.stop();
    appendFileSync(path.join(lists, 'known'), '198.18.0.9\n');
    await daemon.start();
    const refused = await commands.run(['ban', '203.0.113.50']);
    assert.match(refused.stderr, /203\.0\.113\.50 is never banned: allowed by hand/);
    assert.match((await lines('allow'))[1] ?? '', /^203\.0\.113\.50 +\d{4}-.* +1h 59m$/);
    assert.match(
      (await lines('allow', '203.0.113.51'))[0] ?? '',
      /^203\.0\.113\.51 is not banned by anybody, and/,
    );
    assert.equal((await commands.run(['allow', '--remove', '203.0.113.50'])).exitCode, 0);
    assert.equal((await commands.run(['ban', '203.0.113.50'])).exitCode, 0);
    await commands.run(['unban', '203.0.113.50']);
  });

  test('a short one is over by itself', async () => {
    await commands.run(['allow', '203.0.113.60', '--for', '1s']);
    while (
      ((await commands.json('allow')) as { address: string }[]).some(({ address }) => address.endsWith('.60'))
    );
    assert.equal((await commands.run(['ban', '203.0.113.60'])).exitCode, 0);
    await commands.run(['unban', '203.0.113.60']);
  });

  test('what a wider entry holds stays allowed, and the exit code says so', async () => {
    await commands.run(['allow', '203.0.113.128/25']);
    const kept = await commands.run(['allow', '--remove', '203.0.113.129']);
    assert.equal(kept.exitCode, 1);
    assert.match(kept.stdout, /It is never banned all the same: allowed by hand\./);
    const { removed } = (await commands.json('allow', '--remove', '203.0.113.128/25')) as {
      removed: unknown[];
    };
    assert.equal(removed.length, 1);
  });

  test('--all names who is never banned, and by which rule; a program is asked before a ban', async () => {
    daemon.fail('198.18.0.7', 3);
    daemon.fail('198.18.0.8', 3);
    await daemon.banned(4);
    // It was banned before the program knew it: after a start whoever is banned is asked about.
    while (((await commands.json('banned')) as Ban[]).some(({ address }) => address === '198.18.0.9'));
    const why = await lines('why', '198.18.0.7');
    assert.match(why[1] ?? '', /no jail bans it: ignoreip: \S+is-friend says so \(198\.18\.0\.7\)$/);
    const refused = await commands.run(['ban', '192.0.2.100']);
    assert.match(refused.stderr, /never banned: ignoreip: \S+hosts\.allow:1, 192\.0\.2\.96\/27/);
    const all = (await commands.json('allow', '--all')) as NeverBanned[];
    const reasons = new Map(all.map(({ address, jail, reason }) => [address, `${jail}: ${reason}`]));
    assert.equal(reasons.get('192.0.2.0/28'), `null: ignoreip: ${lists}/friends:1, 192.0.2.0/28`);
    assert.equal(reasons.get(friend), 'sshd: a program, asked before a ban');
    assert.match((await lines('allow', '--all'))[0] ?? '', /^ADDRESS +NOT BANNED BY +WHY$/);
    const { warnings } = (await commands.json('status')) as Status;
    assert.deepEqual(warnings, [
      `ignoreip: ${lists}/friends:2: "192.0.2.256" names nobody`,
      `ignoreip: ${lists}/hosts.allow:2: ALL would keep everybody from being banned, and keeps nobody`,
    ]);
    await commands.run(['unban', '198.18.0.8']);
  });

  test('a domain means whoever has a name in it that leads back to him, and nobody else', async () => {
    daemon.fail('198.18.0.70', 3);
    daemon.fail('198.18.0.71', 3);
    await daemon.banned(4);
    assert.match(
      (await lines('why', '198.18.0.70'))[1] ?? '',
      /no jail bans it: ignoreip: \.example\.jp \(host\.example\.jp\) \(198\.18\.0\.70\)$/,
    );
    assert.match(
      (await commands.run(['ban', '198.18.0.70'])).stderr,
      /never banned: ignoreip: \.example\.jp/,
    );
    assert.equal((await commands.run(['unban', '198.18.0.71'])).exitCode, 0);
  });

  test('is refused where it makes no sense', async () => {
    for (const args of [
      ['--remove'],
      ['--for', '1h'],
      ['192.0.2.1', '--remove', '--for', '1h'],
      ['nobody'],
      ['--all', '--for', '1h'],
    ]) {
      assert.equal((await commands.run(['allow', ...args])).exitCode, 2, args.join(' '));
    }
  });
});

describe('unban', () => {
  test('of an address in a banned range says that it is still shut out, and what lets it in', async () => {
    const { exitCode, stdout } = await commands.run(['unban', '198.51.100.7']);
    assert.equal(exitCode, 1);
    assert.equal(
      stdout,
      [
        '198.51.100.7 is still shut out: it lies in 198.51.100.0/24, banned by jail manual.',
        '  To let in all of that range: bailiff unban 198.51.100.0/24',
        '  To let it in, and keep ranges around it from being banned: bailiff allow 198.51.100.7',
      ].join('\n'),
    );
  });
});

describe('export and import', () => {
  test('bans go to a file and come back, each held against the allow list', async () => {
    const output = path.join(daemon.folder, 'bans.json');
    const written = (await commands.json('export', 'bans', '--output', output)) as { bans: number };
    assert.ok(existsSync(output));
    assert.equal(written.bans, 3);
    assert.equal((await commands.run(['export', 'bans', '--output', output])).exitCode, 1);
    await commands.run(['unban', '--all']);
    await commands.run(['allow', '203.0.113.7']);
    const report = (await commands.json('import', 'bans', output)) as Record<string, unknown>;
    assert.deepEqual([report['imported'], report['protected']], [2, 1]);
    await commands.run(['allow', '--remove', '203.0.113.7']);
    const again = await commands.run(['import', 'bans', output]);
    assert.match(again.stdout, /^1 bans are imported\.\n2 were banned already\./);
    assert.equal(((await commands.json('banned')) as Ban[]).length, 3);
  });

  test('standard input does as well, and so does the list of banned', async () => {
    const exported = await commands.run(['export', 'bans']);
    assert.match(
      (await commands.run(['import', 'bans', '-'], exported.stdout)).stdout,
      /3 were banned already/,
    );
    const listed = await commands.run(['banned', '--json']);
    assert.match(
      (await commands.run(['import', 'bans', '-'], listed.stdout)).stdout,
      /3 were banned already/,
    );
  });

  test('what is no list of bans is refused with the place of the error', async () => {
    const refused = await commands.run(['import', 'bans', '-'], '{"bailiff":"bans","bans":[{"address":7}]}');
    assert.match(refused.stderr, /-: it is no list of bans: bans\.0\.address: .*\[bans-unreadable\]/);
    const none = await commands.run(['import', 'bans', '-'], 'not JSON');
    assert.match(none.stderr, /\[bans-unreadable\]/);
  });
});

describe('top', () => {
  test('in a pipe prints once', async () => {
    const { stdout, exitCode } = await commands.run(['top']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /lines\/s, .* hits\/s, .* bans\/s, .* shut out; \d+ banned$/m);
    assert.match(stdout, /^Worst\nADDRESS(?:.|\n)*^203\.0\.113\.7 +sshd +3 /m);
    assert.doesNotMatch(stdout, new RegExp(esc));
  });

  test('--json is an object a look until it is ended', async () => {
    const child = execa(process.execPath, [cli, 'top', '--json'], {
      env: commands.environment,
      reject: false,
    });
    const looks: TopLook[] = [];
    for await (const line of child) {
      looks.push(JSON.parse(line) as TopLook);
      if (looks.length === 1) daemon.fail('198.18.0.98', 3);
      if (looks.at(-1)?.newest[0]?.address === '198.18.0.98') child.kill('SIGINT');
    }
    const [first, last] = [looks[0], looks.at(-1)];
    assert.ok(first !== undefined && last !== undefined && looks.length > 1);
    assert.deepEqual(Object.keys(first), [
      'time',
      'ready',
      'problems',
      'warnings',
      'banned',
      'rates',
      'worst',
      'newest',
    ]);
    assert.ok(Math.abs(last.time - Date.now() / 1000) < 60 && last.time > first.time);
    assert.deepEqual([first.ready, last.banned - first.banned], [true, 1]);
    assert.deepEqual(Object.keys(last.rates), ['lines', 'hits', 'bans', 'packets', 'bytes']);
    assert.ok(looks.some(({ rates }) => (rates['hits'] ?? 0) > 0));
    assert.deepEqual(Object.keys(last.newest[0] ?? {}), ['address', 'jail', 'since', 'until', 'hits']);
    assert.ok(last.worst.some(({ address }) => address === '203.0.113.7'));
    await commands.run(['unban', '198.18.0.98']);
  });

  test('on a terminal takes the other screen until q, and gives the terminal back', async () => {
    const { stdout, exitCode } = await commands.onTerminal(['top'], { keys: 'q' });
    assert.equal(exitCode, 0);
    assert.ok(stdout.includes(`${esc}[?1049h${esc}[?25l`));
    assert.match(stdout, /Newest/);
    assert.ok(stdout.trimEnd().endsWith(`${esc}[?25h${esc}[?1049l`));
  });

  test('Ctrl-C ends it as well', async () => {
    const { stdout, exitCode } = await commands.onTerminal(['top'], { keys: '\u0003' });
    assert.equal(exitCode, 0);
    assert.ok(stdout.trimEnd().endsWith(`${esc}[?25h${esc}[?1049l`));
  });
});

test('names for completion are those of jails, of banned and of filters', async () => {
  assert.deepEqual(await lines('__names', 'jails'), ['sshd']);
  assert.ok((await lines('__names', 'banned')).includes('203.0.113.7'));
  assert.ok((await lines('__names', 'filters')).includes('nginx-http-auth'));
});

describe('the API', () => {
  const socket = { socketPath: path.join(daemon.folder, 'bailiff.sock') };
  const log = path.join(daemon.folder, 'shop.log');
  const shop = { filter: 'nginx-http-auth', logpath: log, maxretry: 3 };

  const bans = async () => (await ask(socket, 'GET', '/bans')).json as Ban[];
  const jails = async () => (await ask(socket, 'GET', '/jails')).json as ListedJail[];

  test('adds a jail and keeps it; what others count goes on, and bans of one that is removed stay', async () => {
    writeFileSync(log, '');
    daemon.fail('203.0.113.77', 2);
    const added = await ask(socket, 'PUT', '/jails/shop', { body: shop });
    assert.deepEqual(added.json, { jail: 'shop', outcome: 'added', changes: ['jail shop runs'] });
    daemon.fail('203.0.113.77', 1);
    while (!(await bans()).some(({ address }) => address === '203.0.113.77'));
    const again = await ask(socket, 'PUT', '/jails/shop', { body: { ...shop, maxretry: 4 } });
    assert.deepEqual((again.json as JailChange).changes, ['jail shop: maxretry']);
    const { sources } = (await ask(socket, 'GET', '/status')).json as Status;
    assert.ok(sources.every(({ restarts }) => restarts === 0));
    const shown = (await commands.json('config', 'show')) as {
      key: string;
      value: unknown;
      origin: string;
    }[];
    assert.deepEqual(
      shown.filter(({ origin }) => origin === 'api').map(({ key, value }) => [key, value]),
      [
        ['jails.shop.filter', 'nginx-http-auth'],
        ['jails.shop.logpath', [log]],
        ['jails.shop.maxretry', 4],
      ],
    );
    assert.equal(shown.find(({ key }) => key === 'api-write-token')?.value, '(not shown)');
    await ask(socket, 'POST', '/bans', { body: { address: '203.0.113.78', jail: 'shop' } });
    assert.deepEqual(((await ask(socket, 'POST', '/reload')).json as ReloadAnswer).changes, []);
    await daemon.stop();
    await daemon.start();
    assert.deepEqual(
      (await jails()).map(({ name, origin, running }) => [name, origin, running]),
      [
        ['sshd', 'configuration', true],
        ['shop', 'api', true],
      ],
    );
    const removed = await ask(socket, 'DELETE', '/jails/shop');
    assert.equal((removed.json as JailChange).outcome, 'removed');
    assert.deepEqual(
      (await jails()).map(({ name }) => name),
      ['sshd'],
    );
    assert.ok((await bans()).some(({ jail }) => jail === 'shop'));
  });

  test('takes no jail that bailiff.yaml would not, and none of its own', async () => {
    const refused = async (method: string, name: string, body?: unknown) => {
      const { status, json } = await ask(socket, method, `/jails/${name}`, { body });
      const { error } = json as { error: { code: string } };
      return [status, error.code];
    };
    assert.deepEqual(await refused('PUT', 'sshd', shop), [409, 'jail-configured']);
    assert.deepEqual(await refused('DELETE', 'sshd'), [409, 'jail-configured']);
    assert.deepEqual(await refused('DELETE', 'nosuch'), [404, 'jail-not-found']);
    assert.deepEqual(await refused('PUT', '%2e%2e', shop), [400, 'config-invalid']);
    assert.deepEqual(await refused('PUT', 'a', { ...shop, maxretry: 0 }), [400, 'config-invalid']);
    assert.deepEqual(await refused('PUT', 'a', { ...shop, maxretr: 1 }), [400, 'config-unknown-key']);
    assert.deepEqual(await refused('PUT', 'a', { logpath: log }), [400, 'config-unknown-jail']);
    assert.deepEqual(await refused('PUT', 'a', { ...shop, logpath: [] }), [400, 'config-invalid']);
    for (const entry of ['command:/bin/true', 'file:/etc/passwd', 'hosts.allow:/etc/hosts.allow'])
      assert.deepEqual(await refused('PUT', 'a', { ...shop, ignoreip: entry }), [400, 'config-invalid']);
    const inTheWay = path.join(daemon.folder, 'state', 'api-jails.json.new');
    mkdirSync(inTheWay);
    assert.deepEqual(await refused('PUT', 'a', shop), [500, 'jails-unwritable']);
    rmdirSync(inTheWay);
    assert.equal((await jails()).length, 1);
  });

  test('does what the examples of docs/api.md show', async () => {
    const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, script = '']) => script);
    const scripts = blocks.filter((script) => script.includes('curl'));
    assert.equal(scripts.length, 7);
    const here = (script: string) =>
      script
        .replaceAll('/run/bailiff/bailiff.sock', socket.socketPath)
        .replaceAll('127.0.0.1:9799', `127.0.0.1:${port}`)
        .replaceAll('curl -sN', 'timeout 0.3 curl -sN')
        .replaceAll('curl -s', 'curl -S --fail-with-body -s');
    for (const script of scripts) {
      const lasts = script.includes('?follow');
      const { exitCode, all } = await execa('bash', ['-ec', here(script)], {
        env: { TOKEN: token },
        all: true,
        reject: false,
      });
      assert.equal(exitCode, lasts ? 124 : 0, `${script}${all}`);
    }
  });

  test('answers every route as docs/openapi.json says', async () => {
    const bodies: Readonly<Record<string, unknown>> = {
      ban: { address: '203.0.113.80', for: '1h' },
      unban: { address: '203.0.113.80' },
      importBans: {
        bans: [{ address: '203.0.113.81', jail: 'x', since: 1, until: null, bancount: 1, failures: 3 }],
      },
      allow: { address: '203.0.113.82' },
      disallow: { address: '203.0.113.82' },
      notifyTest: { name: 'nosuch' },
      putJail: shop,
    };
    const queries: Readonly<Record<string, string>> = { why: '?address=203.0.113.7' };
    const headers = { authorization: `Bearer ${token}` };
    // That would look at the packet filter of this machine; test/e2e/enforcement.test.ts has it.
    const asked = routes.filter(({ operation }) => operation !== 'teardown');
    for (const { operation, method, path: template, answer, body } of asked) {
      const target = `${template.replace('{name}', 'shop')}${queries[operation] ?? ''}`;
      const question = body === undefined ? {} : { body: bodies[operation] ?? assert.fail(operation) };
      const { status, json } = await ask({ host: '127.0.0.1', port }, method, target, {
        ...question,
        headers,
      });
      const failed = operation === 'notifyTest';
      assert.equal(status, failed ? 404 : 200, `${operation}: ${JSON.stringify(json)}`);
      const name = failed ? 'Error' : answer;
      assert.equal(openApiProblem(name, json), null, operation);
      // With no key that it does not say, either.
      assert.equal(answers[name].safeParse(json).error, undefined, operation);
    }
  });
});

test('events --follow tells of attempts and bans as they happen', async () => {
  const child = execa(process.execPath, [cli, 'events', '--follow'], {
    env: commands.environment,
    reject: false,
  });
  const failing = setInterval(() => daemon.fail('198.18.0.99', 1), 200);
  const seen: string[] = [];
  for await (const line of child) {
    seen.push(line);
    // It goes on until it is ended.
    if (line.includes('  ban ') && line.includes('198.18.0.99')) child.kill('SIGINT');
  }
  clearInterval(failing);
  assert.match(seen.join('\n'), /found +sshd {2}198\.18\.0\.99 {2}\d of 3 {2}file:/);
  assert.match(seen.at(-1) ?? '', /ban +sshd {2}198\.18\.0\.99 {2}10m {2}3 attempts$/);
});

/** A line of each command; the others have tests of their own, since they go on or change this machine. */
const own: ReadonlySet<string> = new Set(['run', 'top', 'teardown']);
const words: Readonly<Record<string, readonly string[]>> = {
  ban: ['203.0.113.90', '--for', '1h'],
  unban: ['203.0.113.90'],
  why: ['203.0.113.7'],
  allow: ['203.0.113.91', '--for', '1h'],
  import: [path.join(lists, 'fail2ban')],
  'import bans': [path.join(lists, 'bans.json')],
  'filter show': ['sshd'],
  'filter test': ['sshd', path.join(daemon.folder, 'auth.log')],
  'filter lint': ['sshd'],
  'notify test': ['ok'],
  completion: ['bash'],
};

test('each command says the same in a pipe and on a terminal, as text and as JSON; with --quiet nothing', async () => {
  const all = [...eachCommand(program)].filter(([name, command]) => acts(command) && !own.has(name));
  const lines = all.map(([name]) => [...name.split(' '), ...(words[name] ?? [])]);
  const forms = [[], ['--json'], ['--quiet']].map((flags) =>
    lines.map((args) => ({ args: [...args, ...flags], act: true })),
  );
  const [plain = [], json = [], quiet = []] = forms;
  const context = { environment: commands.environment, cwd: daemon.folder };
  const piped = await runCommandLines([...plain, ...json], context);
  const shown = await runCommandLines([...plain, ...json], { ...context, terminal: true });
  for (const [number, { args }] of [...plain, ...json].entries()) {
    const [inPipe, onTerminal] = [piped[number], shown[number]];
    const what = args.join(' ');
    // Its exit code says what is wrong with this machine.
    if (args[0] !== 'doctor') assert.equal(inPipe?.exitCode, 0, `${what}: ${inPipe?.output}`);
    assert.equal(onTerminal?.exitCode, inPipe?.exitCode, what);
    assert.notEqual(inPipe?.output, '', what);
    assert.doesNotMatch(inPipe?.output ?? '', new RegExp(esc), what);
    assert.notEqual(onTerminal?.output, '', what);
    if (!args.includes('--json')) continue;
    for (const outcome of [inPipe, onTerminal])
      assert.doesNotThrow(() => valuesIn(outcome?.output ?? ''), what);
  }
  // Without an end, it has nothing to be quiet about.
  const silent = await runCommandLines(quiet, context);
  for (const [number, { output, exitCode }] of silent.entries()) {
    const args = quiet[number]?.args ?? [];
    if (args[0] !== 'events')
      assert.deepEqual([output, exitCode], ['', piped[number]?.exitCode], args.join(' '));
  }
});

/** One JSON value, or one a line. */
function valuesIn(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}
