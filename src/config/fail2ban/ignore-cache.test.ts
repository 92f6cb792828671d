import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIgnoreCache } from './ignore-cache.ts';

const at = { file: 'jail.local', line: 3 };

test('how answers are kept', () => {
  const read = (text: string) => parseIgnoreCache({ text, at });
  assert.deepEqual(read('key="<F-USER>@<ip-host>", max-count=1000, max-time=1h 30m'), {
    key: '<F-USER>@<ip-host>',
    maxCount: 1_000,
    maxTime: 5_400,
  });
  assert.deepEqual(read("key='<ip>'"), { key: '<ip>', maxCount: 100, maxTime: 300 });
  for (const text of [
    '',
    'max-count=7',
    'key=<ip>, max-count=many',
    'key=<ip>, max-count=0',
    'key=<ip>, max-time=x',
  ])
    assert.throws(() => read(text), { code: 'fail2ban-invalid', where: 'jail.local:3' }, text);
});
