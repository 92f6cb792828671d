import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startWebReceiver } from '../../test/setup/web-receiver.ts';
import { DeliveryFailure } from './channel.ts';
import { type Message, messageOf } from './message.ts';
import { Webhook, type WebhookOptions } from './webhook.ts';

const goes = new AbortController().signal;
const evil = 'x", "evil": "<!channel> @everyone ```\n\u001b[31m\\';

function messageWith(line = evil): Message {
  const ban = {
    kind: 'ban',
    time: 1_700_000_000,
    jail: 'sshd',
    address: '203.0.113.7',
    host: '203.0.113.7',
    until: null,
    failures: 5,
    bancount: 1,
    lines: [line],
  } as const;
  return messageOf({ host: 'web1', notices: [ban], dropped: 0, now: 1_700_000_001 });
}

async function setUp(context: TestContext, given: Partial<WebhookOptions> = {}) {
  const receiver = await startWebReceiver();
  context.after(() => receiver.close());
  const webhook = new Webhook({
    url: receiver.url,
    shape: 'json',
    body: null,
    secret: null,
    token: null,
    verify: true,
    ca: null,
    ...given,
  });
  const send = () => webhook.send(messageWith(), goes);
  return { receiver, webhook, send, request: () => receiver.requests[0] ?? assert.fail('no request') };
}

const read = (text: string): Record<string, unknown> => JSON.parse(text);

test('the whole message as JSON, once', async (t) => {
  const { receiver, send, request } = await setUp(t);
  assert.equal(await send(), 'HTTP 200: ok');
  assert.equal(receiver.requests.length, 1);
  const { method, path, headers, body } = request();
  assert.deepEqual([method, path, headers['content-type']], ['POST', '/hook', 'application/json']);
  assert.equal(headers['webhook-signature'], undefined);
  assert.equal(headers.authorization, undefined);
  const message = read(body);
  assert.equal(message['title'], 'web1: sshd banned 203.0.113.7');
  assert.deepEqual(message['counts'], { ban: 1, unban: 0, problem: 0 });
});

test('a signature over id, time and body, and a token', async (t) => {
  const secret = 'a long secret of ours';
  const { send, request } = await setUp(t, { secret, token: 'tk_1' });
  await send();
  const { headers, body } = request();
  const id = String(headers['webhook-id']);
  assert.match(id, /^[\da-f]{32}$/);
  assert.equal(headers['webhook-timestamp'], '1700000001');
  const expected = createHmac('sha256', secret).update(`${id}.1700000001.${body}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${expected}`);
  assert.equal(headers.authorization, 'Bearer tk_1');
});

test('the shapes of Slack, Discord and ntfy mention nobody, and stay whole', async (t) => {
  const slack = await setUp(t, { shape: 'slack' });
  await slack.send();
  const { text } = read(slack.request().body);
  assert.match(String(text), /^\*web1: sshd banned 203\.0\.113\.7\*\n```2023-.*for ever.*```$/s);
  assert.doesNotMatch(String(text), /<|\p{Cc}(?<!\n)/u);
  assert.equal(String(text).match(/```/g)?.length, 2);

  const discord = await setUp(t, { shape: 'discord' });
  await discord.webhook.send(messageWith('`*'.repeat(2_000)), goes);
  const { content, allowed_mentions: mentions } = read(discord.request().body);
  assert.deepEqual(mentions, { parse: [] });
  assert.equal(String(content).match(/```/g)?.length, 2);
  assert.ok(String(content).length <= 2_000);

  const ntfy = await setUp(t, { shape: 'ntfy' });
  await ntfy.webhook.send(messageWith('ü'.repeat(5_000)), goes);
  const { headers, body } = ntfy.request();
  assert.equal(headers['title'], 'web1: sshd banned 203.0.113.7');
  assert.ok(Buffer.byteLength(body) <= 4_096);
  assert.match(body, /^2023-11-14T22:13:20Z sshd banned 203\.0\.113\.7/);
});

test('a template: values stand within the quotes of JSON, and as they are in other text', async (t) => {
  const json = await setUp(t, { body: '{"msg": "{{title}} / {{text}}", "n": {{count}}}' });
  await json.send();
  const body = read(json.request().body);
  assert.deepEqual(Object.keys(body), ['msg', 'n']);
  assert.equal(body['n'], 1);
  assert.match(String(body['msg']), /"evil": "<!channel>/);
  const text = await setUp(t, { body: '{{title}} {{jail}} {{address}}' });
  await text.send();
  assert.equal(text.request().body, 'web1: sshd banned 203.0.113.7 sshd 203.0.113.7');
  assert.match(String(text.request().headers['content-type']), /^text\/plain/);
});

const answers: Readonly<
  Record<
    string,
    { answer: (response: ServerResponse) => void; told: RegExp; refused: boolean; waitMs: number }
  >
> = {
  '500 with a body that would paint the terminal': {
    answer: (response) => response.writeHead(500).end('\u001b[31mout of order\n\n'),
    told: /^HTTP 500: \\x1b\[31mout of order$/,
    refused: false,
    waitMs: 0,
  },
  '429 with seconds': {
    answer: (response) => response.writeHead(429, { 'retry-after': '120' }).end(),
    told: /^HTTP 429$/,
    refused: false,
    waitMs: 120_000,
  },
  '503 with a date that is over': {
    answer: (response) => response.writeHead(503, { 'retry-after': 'Tue, 14 Nov 2023 22:13:20 GMT' }).end(),
    told: /^HTTP 503$/,
    refused: false,
    waitMs: 0,
  },
  '429 with nonsense': {
    answer: (response) => response.writeHead(429, { 'retry-after': '-1e9, soon' }).end(),
    told: /^HTTP 429$/,
    refused: false,
    waitMs: 0,
  },
  '400': {
    answer: (response) => response.writeHead(400).end('bad'),
    told: /^HTTP 400: bad$/,
    refused: true,
    waitMs: 0,
  },
  '404': {
    answer: (response) => response.writeHead(404).end(),
    told: /^HTTP 404$/,
    refused: false,
    waitMs: 0,
  },
};
for (const [name, { answer, told, refused, waitMs }] of Object.entries(answers)) {
  test(`an answer of ${name}`, async (t) => {
    const { receiver, send } = await setUp(t);
    receiver.answer = answer;
    const error = await send().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof DeliveryFailure);
    assert.match(error.message, told);
    assert.deepEqual([error.refused, error.waitMs], [refused, waitMs]);
  });
}

test('a redirect is not followed', async (t) => {
  const { receiver, send } = await setUp(t);
  receiver.answer = (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end();
  await assert.rejects(send(), /HTTP 307: it leads elsewhere/);
  assert.equal(receiver.requests.length, 1);
});

test('an endless body is not read to its end, which it has not', async (t) => {
  const { receiver, send } = await setUp(t);
  let written = 0;
  receiver.answer = (response) => {
    const more = () => {
      for (let free = true; free && !response.destroyed; written += 1)
        free = response.write('x'.repeat(65_536));
    };
    response.on('drain', more);
    more();
  };
  assert.match(await send(), /^HTTP 200: x{200}$/);
  assert.ok(written < 1_000);
});

test('a receiver that hangs, before its answer or within, is left when the signal says so', async (t) => {
  for (const answer of [() => undefined, (response: ServerResponse) => void response.write('x')]) {
    const { receiver, webhook } = await setUp(t);
    receiver.answer = answer;
    const stop = new AbortController();
    const sent = webhook.send(messageWith(), stop.signal);
    await receiver.until(1);
    stop.abort();
    await assert.rejects(sent);
  }
});

test('a connection that is reset, and an answer that is no HTTP', async (t) => {
  const { receiver, send } = await setUp(t);
  receiver.answer = (response) => response.destroy();
  await assert.rejects(send(), /socket hang up|ECONNRESET/);
  const raw = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-OpenSSH\r\n');
  });
  await once(raw.listen(0, '127.0.0.1'), 'listening');
  t.after(() => raw.close());
  const address = raw.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const garbage = await setUp(t, { url: `http://127.0.0.1:${port}/` });
  await assert.rejects(garbage.send(), /Parse Error|Expected HTTP/);
});

test('nobody there, and authorities that cannot be read', async (t) => {
  const nobody = await setUp(t, { url: 'http://127.0.0.1:1/' });
  await assert.rejects(nobody.send(), /ECONNREFUSED/);
  const unread = await setUp(t, { url: 'https://127.0.0.1:1/', ca: '/nonexistent/ca.pem' });
  await assert.rejects(unread.send(), /authorities of `ca` cannot be read: ENOENT/);
});
