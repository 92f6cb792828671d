import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { ask } from '../../test/setup/ask.ts';
import { ConfigurationErrors } from '../config/errors.ts';
import { BailiffError } from '../core/errors.ts';
import { version } from '../version.ts';
import { ControlClient } from './client.ts';
import { serveListener } from './listener.ts';
import { openApiText } from './openapi.ts';
import {
  type Control,
  type DaemonEvent,
  type ErrorAnswer,
  mostImported,
  type Status,
  type WhyAnswer,
} from './protocol.ts';
import { routes } from './routes.ts';
import { serveControl } from './server.ts';
import { serveTcp } from './tcp.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-control-'));
after(() => rmSync(folder, { recursive: true }));

function closing(server: Server): void {
  server.close();
  server.closeAllConnections();
}

const ban = {
  address: '203.0.113.7',
  jail: 'manual',
  since: 1,
  until: null,
  hits: 0,
  policy: 'drop',
  count: 1,
  forced: false,
};
const status = (ready: boolean): Status => ({
  version: '1',
  revision: null,
  started: 0,
  ready,
  problems: ready ? [] : ['bans are not enforced: no ipset'],
  warnings: [],
  enforcement: {
    backend: 'fake',
    state: ready ? 'enforcing' : 'degraded',
    detail: '',
    hooks: [],
    dropped: [],
    gaps: [],
    elements: 0,
  },
  jails: [],
  sources: [],
  findings: [],
  labels: [],
  ranges: [],
  notifiers: [],
  metrics: null,
  reload: null,
});

const repair: DaemonEvent = { event: 'repair', time: 1, what: 'a rule' };
const readers = new Set<(lines: string) => void>();

function control(): Control {
  return {
    status: () => status(true),
    bans: () => [ban],
    ban: async ({ address }) => {
      if (address === '127.0.0.1')
        throw new BailiffError('address-protected', 'loopback', { remedy: 'Do not.' });
      if (address === 'bug') throw new TypeError('a bug');
      return {
        outcome: 'banned',
        ban: { ...ban, address },
        enforced: true,
        state: 'enforcing',
        stored: true,
      };
    },
    importBans: async ({ bans }) => ({
      imported: bans.length,
      already: 0,
      ended: 0,
      protected: [],
      unknownJails: {},
      state: 'enforcing',
      stored: true,
    }),
    allowed: () => [{ address: '203.0.113.9', since: 1, until: null }],
    neverBanned: () => [{ address: '192.0.2.0/24', jail: null, reason: 'ignoreip' }],
    allow: async ({ address }) => ({
      allowed: { address, since: 1, until: null },
      unbanned: [ban],
      stored: true,
    }),
    disallow: (address) => ({
      removed: [{ address, since: 1, until: null }],
      protected: null,
      stored: true,
    }),
    teardown: async () => ({ removed: ['fake'], problems: [] }),
    notifyTest: async ({ name }) => ({ delivered: name === 'good', detail: name }),
    reload: async () => ({ applied: true, changes: ['jail web runs'], restart: [], errors: [] }),
    unban: async (command) => ({ unbanned: 'all' in command ? [ban] : [], covering: [] }),
    jails: () => [{ name: 'web', origin: 'api', running: true, options: {} }],
    putJail: async (jail, options) => {
      const wrong = Object.keys(options).map((key) => new BailiffError('config-unknown-key', key));
      if (wrong.length > 0) throw new ConfigurationErrors(wrong);
      return { jail, outcome: 'added', changes: [] };
    },
    removeJail: async (jail) => ({ jail, outcome: 'removed', changes: [] }),
    why: (address) => ({ address }) as WhyAnswer,
    history: (query) => ({ bans: [], next: query.before ?? null }),
    recentEvents: () => [repair],
    follow: (reader) => {
      readers.add(reader);
      return () => void readers.delete(reader);
    },
  };
}

test('the commands reach the daemon over a socket of mode 0600, answers and errors alike', async (t) => {
  const path = join(folder, 'deep', 'bailiff.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const client = new ControlClient(path);
  assert.equal((await client.status()).ready, true);
  assert.deepEqual(await client.bans(), [ban]);
  assert.equal((await client.ban({ address: '203.0.113.8' })).ban.address, '203.0.113.8');
  assert.deepEqual((await client.unban({ all: true })).unbanned, [ban]);
  const imported = { address: '203.0.113.9', jail: 'sshd', since: 1, until: null, bancount: 1, failures: 5 };
  const many = Array.from({ length: mostImported }, () => ({ ...imported, jail: 'j'.repeat(64) }));
  assert.equal((await client.importBans({ bans: many })).imported, mostImported);
  await assert.rejects(client.importBans({ bans: [...many, imported] }), { code: 'request-invalid' });
  assert.deepEqual(await client.teardown(), { removed: ['fake'], problems: [] });
  assert.deepEqual(await client.notifyTest({ name: 'good' }), { delivered: true, detail: 'good' });
  assert.deepEqual((await client.reload()).changes, ['jail web runs']);
  await assert.rejects(client.ban({ address: '127.0.0.1' }), {
    code: 'address-protected',
    message: 'loopback',
    remedy: 'Do not.',
  });
  await assert.rejects(client.ban({ address: 'bug' }), { code: 'internal', message: 'a bug' });
  await assert.rejects(client.ban({ address: '1', evil: true } as { address: string }), {
    code: 'request-invalid',
  });
  await assert.rejects(client.ban({ address: 'x'.repeat(10_000) }), BailiffError);
  await assert.rejects(serveControl(path, control()), { code: 'daemon-running' });
});

test('questions have parameters, and only those they know', async (t) => {
  const path = join(folder, 'questions.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  const client = new ControlClient(path);
  assert.equal((await client.why('2001:db8::/32')).address, '2001:db8::/32');
  assert.deepEqual(await client.history({ since: 1.5, jail: 'sshd', before: 7 }), { bans: [], next: 7 });
  assert.deepEqual(await client.recentEvents(), [repair]);
  await assert.rejects(client.history({ evil: 1 } as never), { code: 'request-invalid' });
  await assert.rejects(client.history({ since: Number.NaN }), { code: 'request-invalid' });
  await assert.rejects(client.why('x'.repeat(101)), { code: 'request-invalid' });
});

/** The errors of an answer, with what every one must have. */
const failure = ({ status: code, json }: { readonly status: number; readonly json: unknown }) => {
  const { error } = json as ErrorAnswer;
  assert.ok(error.message.length > 0 && (error.remedy ?? '').length > 0, JSON.stringify(json));
  return [code, error.code];
};

test('what makes no sense gets an error with its code and what to do', async (t) => {
  const path = join(folder, 'hostile.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  const api = { socketPath: path };
  const refused = async (method: string, target: string, question = {}) =>
    failure(await ask(api, method, target, question));
  for (const target of [
    '/status/',
    '//status',
    '/x/../status',
    '/%73tatus',
    '/jails/',
    '/jails/a/b',
    'http://x/status',
    '*',
  ])
    assert.deepEqual(await refused('GET', target), [404, 'request-not-found'], target);
  for (const [method, target] of [
    ['PATCH', '/bans'],
    ['OPTIONS', '/bans'],
    ['POST', '/status'],
    ['GET', '/jails/web'],
  ] as const)
    assert.deepEqual(await refused(method, target), [405, 'request-method'], target);
  assert.equal((await ask(api, 'TRACE', '/allowed')).headers.allow, 'GET, POST, DELETE');
  const raw = '{"address": "203.0.113.8"}';
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    '',
  ])
    assert.deepEqual(
      await refused('POST', '/bans', { raw, headers: { 'content-type': type } }),
      [415, 'request-type'],
      type,
    );
  for (const wrong of ['{', '[]', 'null', '{"address": 1}', '{"address": "1", "__proto__": {}}'])
    assert.deepEqual(await refused('POST', '/bans', { raw: wrong }), [400, 'request-invalid'], wrong);
  for (const size of [5_000, 500_000, 5_000_000])
    assert.deepEqual(await refused('POST', '/bans', { body: { address: 'x'.repeat(size) } }), [
      413,
      'request-too-large',
    ]);
  assert.deepEqual(await refused('GET', '/why?address=1&address=2'), [400, 'request-invalid']);
  assert.deepEqual(await refused('GET', '/status?x'), [400, 'request-invalid']);
  const many = await ask(api, 'PUT', '/jails/web', { body: { one: 1, two: 2 } });
  assert.deepEqual([many.status, (many.json as ErrorAnswer).errors?.length], [400, 2]);
  assert.equal((await ask(api, 'PUT', '/jails/web', { body: {} })).status, 200);
  assert.deepEqual(await refused('POST', '/teardown', { headers: { origin: 'http://evil.example' } }), [
    403,
    'request-forbidden',
  ]);
});

/** What comes back for these bytes, until the other side hangs up. */
function rawAnswer(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

test('who sends no HTTP, or is slow about it, gets an error and is hung up on', async (t) => {
  const patience = { headersMs: 100, bodyMs: 100, lookMs: 20, idleMs: 300 };
  const tokens = { read: null, write: 'w'.repeat(32) };
  const server = await serveTcp(
    { host: '127.0.0.1', port: 0 },
    { control: { ...control(), reload: () => new Promise(() => undefined) }, tokens, patience },
  );
  t.after(() => closing(server));
  const { port } = server.address() as AddressInfo;
  const told = async (bytes: string) => {
    const [head = '', body = ''] = (await rawAnswer(port, bytes)).split('\r\n\r\n');
    return failure({ status: Number(head.split(' ')[1]), json: JSON.parse(body) });
  };
  assert.deepEqual(await told('\u0016\u0003\u0001\r\n\r\n'), [400, 'request-invalid']);
  assert.deepEqual(await told(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), [
    431,
    'request-too-large',
  ]);
  const twoLengths = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.deepEqual(await told(`POST /bans HTTP/1.1\r\nHost: localhost\r\n${twoLengths}`), [
    400,
    'request-invalid',
  ]);
  assert.deepEqual(await told('GET /status HTTP/1.1\r\n'), [408, 'request-slow']);
  const head = `POST /bans HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${'w'.repeat(32)}\r\n`;
  const body = 'Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{';
  assert.deepEqual(await told(head + body), [408, 'request-slow']);
  const stuck = head.replace('/bans', '/reload');
  assert.equal(await rawAnswer(port, `${stuck}Content-Length: 0\r\n\r\n`), '', 'nobody waits for ever');
});

test('over TCP nobody is answered without a token, and nothing is changed with that for reading', async (t) => {
  const tokens = { read: 'r'.repeat(32), write: 'w'.repeat(40) };
  const peers: string[] = [];
  const refused = (address: string) => void peers.push(address);
  const server = await serveTcp({ host: '127.0.0.1', port: 0 }, { control: control(), tokens, refused });
  t.after(() => closing(server));
  const api = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const body = { address: '203.0.113.8' };
  const asked = (method: string, target: string, token: string | null, headers = {}) =>
    ask(api, method, target, {
      ...(method === 'GET' ? {} : { body }),
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    });
  for (const token of [null, '', 'wrong', `${tokens.read}x`, tokens.write.slice(1), 'x'.repeat(5_000)])
    for (const target of ['/status', '/nowhere']) {
      const answer = await asked('GET', target, token);
      assert.deepEqual(failure(answer), [401, 'request-unauthorized']);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
    }
  assert.deepEqual([peers.length, peers[0]], [12, '127.0.0.1']);
  assert.equal((await asked('GET', '/status', null, { authorization: `Basic ${tokens.read}` })).status, 401);
  for (const token of Object.values(tokens)) assert.equal((await asked('GET', '/status', token)).status, 200);
  for (const { method, path } of routes.filter((each) => each.method !== 'GET')) {
    const answer = await asked(method, path.replace('{name}', 'web'), tokens.read);
    assert.deepEqual(failure(answer), [403, 'request-forbidden'], path);
    assert.doesNotMatch(JSON.stringify(answer.json), /r{32}|w{40}/);
  }
  assert.equal((await asked('POST', '/bans', tokens.write)).status, 200);
  const page = { origin: 'http://127.0.0.1' };
  assert.equal((await asked('POST', '/bans', tokens.write, page)).status, 403);
  const seen = await asked('GET', '/status', tokens.write, page);
  assert.deepEqual([seen.status, seen.headers['access-control-allow-origin']], [200, undefined]);
  for (const host of ['evil.example', '127.0.0.1.evil.example:80', 'localhost.evil.example'])
    assert.deepEqual(
      failure(await asked('GET', '/status', tokens.read, { host })),
      [403, 'request-forbidden'],
      host,
    );
  for (const host of ['localhost', '[::1]:9799', '192.0.2.1'])
    assert.equal((await asked('GET', '/status', tokens.read, { host })).status, 200, host);
});

test('where there is no token of a kind, nothing is one', async (t) => {
  const tokens = { read: 'r'.repeat(32), write: null };
  const server = await serveTcp({ host: '127.0.0.1', port: 0 }, { control: control(), tokens });
  t.after(() => closing(server));
  const api = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  for (const token of ['null', 'undefined', ''])
    assert.equal(
      (await ask(api, 'GET', '/status', { headers: { authorization: `Bearer ${token}` } })).status,
      401,
    );
});

test('docs/openapi.json is as scripts/docs writes it, and has every route', () => {
  const document = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  assert.equal(document, openApiText(version()));
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, unknown>> };
  assert.deepEqual(
    Object.entries(paths)
      .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`))
      .sort(),
    routes.map(({ method, path }) => `${method.toLowerCase()} ${path}`).sort(),
  );
});

test('who follows the events is told until it goes, and told so when the daemon ends', async (t) => {
  const path = join(folder, 'events.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  const client = new ControlClient(path);
  const tell = () => {
    for (const reader of readers) reader(`${JSON.stringify(repair)}\n`);
  };
  const told = client.events();
  const first = told.next();
  while (readers.size === 0) await new Promise(setImmediate);
  tell();
  assert.deepEqual((await first).value, repair);
  await told.return();
  while (readers.size > 0) await new Promise(setImmediate);
  const again = client.events().next();
  while (readers.size === 0) await new Promise(setImmediate);
  tell();
  await again;
  const left = client.events().next();
  while (readers.size < 2) await new Promise(setImmediate);
  server.closeAllConnections();
  await assert.rejects(left, { code: 'daemon-unreachable' });
});

test('a reader that takes nothing is cut off with a word, and costs the daemon no more than a bounded memory', async (t) => {
  const path = join(folder, 'slow.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath: path, path: '/events?follow' }, resolve).on('error', reject).end();
  });
  const [reader] = readers;
  let written = 0;
  const line = `${JSON.stringify({ ...repair, what: 'x'.repeat(100_000) })}\n`;
  while (readers.size > 0) {
    reader?.(line);
    written += line.length;
    await new Promise(setImmediate);
  }
  assert.ok(written < 16 * 1024 * 1024, `${written} bytes`);
  const lines = (await text(response)).trimEnd().split('\n');
  assert.equal(JSON.parse(lines.at(-1) ?? '').event, 'cut-off');
});

test('who may not open the socket is told to be root', async (t) => {
  const path = join(folder, 'closed.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  chmodSync(path, 0);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.('nobody');
  try {
    const asked = new ControlClient(path).status();
    await assert.rejects(asked, { code: 'daemon-unreachable', remedy: /as root \(`sudo bailiff …`\)/ });
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('whom a person allows goes over the socket as well', async (t) => {
  const path = join(folder, 'allow.sock');
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  const client = new ControlClient(path);
  assert.equal((await client.allowed())[0]?.address, '203.0.113.9');
  assert.equal((await client.neverBanned())[0]?.reason, 'ignoreip');
  const { allowed, unbanned } = await client.allow({ address: '203.0.113.7', for: '2h' });
  assert.deepEqual([allowed.address, unbanned], ['203.0.113.7', [ban]]);
  assert.equal((await client.disallow('203.0.113.7')).removed[0]?.address, '203.0.113.7');
  await assert.rejects(client.allow({ address: '1', evil: true } as { address: string }), {
    code: 'request-invalid',
  });
});

test('a socket that a dead daemon left is taken over; without a daemon the client says so', async (t) => {
  const path = join(folder, 'stale.sock');
  writeFileSync(path, '');
  await assert.rejects(new ControlClient(path).status(), {
    code: 'daemon-unreachable',
    where: path,
    message: /it has ended and left its socket behind/,
    remedy: /docker compose up -d/,
  });
  const server = await serveControl(path, control());
  t.after(() => closing(server));
  assert.equal((await new ControlClient(path).status()).ready, true);
});

test('the listener answers metrics, and 503 with the reason while not ready', async (t) => {
  let ready = true;
  const server = await serveListener(
    { host: '127.0.0.1', port: 0 },
    {
      status: () => status(ready),
      metrics: async (accept) => ({ contentType: 'text/plain', text: `bailiff_x 1 ${accept}\n` }),
    },
  );
  t.after(() => closing(server));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const get = (path: string) =>
    new Promise<[number | undefined, string]>((resolve, reject) => {
      request({ host: '127.0.0.1', port: address.port, path, headers: { accept: '*/*' } }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve([response.statusCode, text]));
      })
        .on('error', reject)
        .end();
    });
  assert.deepEqual(await get('/metrics'), [200, 'bailiff_x 1 */*\n']);
  assert.equal((await get('/readyz'))[0], 200);
  assert.equal((await get('/secret'))[0], 404);
  ready = false;
  assert.deepEqual(await get('/livez'), [200, 'alive\n'], 'what is wrong, another start would not put right');
  const [code, text] = await get('/healthz');
  assert.equal(code, 503);
  assert.deepEqual(JSON.parse(text).problems, ['bans are not enforced: no ipset']);
});
