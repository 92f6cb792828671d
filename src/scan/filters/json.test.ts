import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonFilterDefinition } from '../../core/filter.ts';
import { JsonFilter } from './json.ts';

const definition: JsonFilterDefinition = {
  kind: 'json',
  name: 'web',
  description: 'web',
  samples: [],
  rules: [
    {
      kind: 'hit',
      where: [
        { path: 'status', values: [401, 403] },
        { path: 'request.uri', pattern: '^/admin' },
      ],
      host: 'request.remote_ip',
      user: 'user_id',
      session: null,
      time: 'ts',
    },
    {
      kind: 'gained',
      where: [{ path: 'msg', values: ['login accepted'] }],
      host: null,
      user: null,
      session: 'id',
      time: null,
    },
  ],
};
const filter = new JsonFilter(definition);

test('a rule needs all of its tests, and takes host, user and time from the fields', () => {
  const line = {
    status: 401,
    request: { uri: '/admin/x', remote_ip: '203.0.113.7' },
    user_id: 'bob',
    ts: 1_795_363_321.5,
  };
  assert.deepEqual(filter.judge(JSON.stringify(line)), {
    kind: 'hit',
    host: '203.0.113.7',
    session: '',
    user: 'bob',
    fields: '',
    time: 1_795_363_321.5,
    expression: 0,
  });
  assert.equal(filter.judge(JSON.stringify({ ...line, status: 200 })), null);
  assert.equal(filter.judge(JSON.stringify({ ...line, request: { ...line.request, uri: '/' } })), null);
});

test('numbers as text, keys with dots, addresses with ports', () => {
  for (const address of ['203.0.113.7:4242', '::ffff:203.0.113.7', '[::ffff:203.0.113.7]:4242']) {
    const line = JSON.stringify({ status: '403', 'request.uri': '/admin', 'request.remote_ip': address });
    assert.equal(filter.judge(line)?.host, '203.0.113.7', address);
  }
  const six = JSON.stringify({
    status: 403,
    'request.uri': '/admin',
    'request.remote_ip': '[2001:db8::7]:1',
  });
  assert.equal(filter.judge(six)?.host, '2001:db8::7');
  assert.deepEqual(filter.judge('{"msg":"login accepted","id":17}')?.session, '17');
});

test('what is no object, no address or no own property is a miss', () => {
  const misses = [
    '',
    '[]',
    'null',
    '"x"',
    '{',
    '{"status":401',
    '{"status":401}',
    '[{"status":401}]',
    '{"status":401,"request":{"uri":"/admin"}}',
    '{"status":401,"request":{"uri":"/admin","remote_ip":"attacker.example"}}',
    '{"status":401,"request":{"uri":"/admin","remote_ip":["203.0.113.7"]}}',
    '{"status":401,"request":{"uri":["/admin"],"remote_ip":"203.0.113.7"}}',
    '{"__proto__":{"status":401,"request":{"uri":"/admin","remote_ip":"203.0.113.7"}}}',
    `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
  ];
  for (const line of misses) assert.equal(filter.judge(line), null, line.slice(0, 60));
});

test('inherited properties are no fields', () => {
  const odd = new JsonFilter({
    ...definition,
    rules: [
      {
        kind: 'hit',
        where: [{ path: 'constructor.name', values: ['Object'] }],
        host: null,
        user: null,
        session: null,
        time: null,
      },
    ],
  });
  assert.equal(odd.judge('{"a":1}'), null);
  assert.equal(odd.judge('{"constructor":{"name":"Object"}}')?.kind, 'hit');
});

test('the literals are values that no encoder escapes', () => {
  assert.deepEqual(filter.literals, ['401', '403', 'login accepted']);
  const escaped = new JsonFilter({
    ...definition,
    rules: [
      {
        kind: 'hit',
        where: [{ path: 'url', values: ['/a"b'] }],
        host: null,
        user: null,
        session: null,
        time: null,
      },
    ],
  });
  assert.equal(escaped.literals, null);
});
