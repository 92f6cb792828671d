import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { readFilter } from '../config/filter-file.ts';
import { shippedFilters } from '../config/filters.ts';
import { lintFilters } from './filter-lint.ts';
import { findingsIn, shippedFindings } from './lint-findings.ts';

const folders = [shippedFilters];

async function linted(names: readonly string[], json = false) {
  const lines: string[] = [];
  const code = await lintFilters({ names, folders, json, print: (line) => lines.push(line) });
  return { code, lines };
}

const good = `name: shop
description: the shop
kind: regex
expressions:
  - hit: '^refused (?<user>[^ ]*) <HOST>$'
samples:
  - {line: 'refused x 203.0.113.7', yields: hit, host: 203.0.113.7}
`;

test("an owner's filter needs no more than samples that hold", async () => {
  const folder = folderOf({ 'shop.yaml': good });
  assert.deepEqual(await linted([path.join(folder, 'shop.yaml')]), {
    code: 0,
    lines: ['1 filter, nothing to find fault with'],
  });
});

test('what is wrong is told with its file and part', async () => {
  const file = path.join(folderOf({}), 'shop.yaml');
  writeFileSync(
    file,
    `name: shop
description: the shop
modes: [normal, strict]
kind: regex
expressions:
  - hit: '^refused <HOST>$'
  - hit: 'late'
  - hit: '^user .* from <HOST>'
    modes: [strict]
  - hit: '^(?:a+)+ <HOST>$'
samples:
  - {line: 'refused 203.0.113.7', yields: hit, host: 203.0.113.8}
  - {line: 'user x from 203.0.113.7', yields: hit, host: 203.0.113.7, mode: strict}
  - {line: 'refused x', yields: miss, injected: 198.51.100.9}
`,
  );
  const { code, lines } = await linted([file]);
  assert.equal(code, 1);
  assert.deepEqual(
    lines.map((line) => line.replace(`${file}: `, '').replace(/(: [^:;,]*).*/, '$1')),
    [
      'expression 3: a client may put another address where it looks for <HOST>',
      'expression 4: it can read some texts in very many ways',
      'expression 2: is bound to neither the beginning (^) nor the end ($) of the line',
      'sample 1: host should be "203.0.113.8" and is "203.0.113.7"',
      'expression 2: decides none of the samples',
      'expression 4: decides none of the samples',
      'sample 3: the address 198.51.100.9 is said to be injected',
      '1 filter, findings: 7',
    ],
  );
});

test('a filter for JSON is looked at as well: its expressions, and where its address stands', async () => {
  const file = path.join(
    folderOf({
      'shop.yaml': `name: shop
description: shop
kind: json
rules:
  - hit:
      where: {msg: {regex: '^(?:a+)+$|login'}, ip: {regex: '.'}}
      host: request.headers.X-Forwarded-For
samples:
  - {line: '{"msg":"login","ip":"x","request":{"headers":{"X-Forwarded-For":"203.0.113.7"}}}', yields: hit, host: 203.0.113.7}
`,
    }),
    'shop.yaml',
  );
  const { code, lines } = await linted([file]);
  assert.equal(code, 1);
  assert.deepEqual(
    lines.map((line) => line.replace(`${file}: `, '').replace(/(: [^:;,]*).*/, '$1')),
    [
      'rule 1 msg: it can read some texts in very many ways',
      'rule 1 msg: is bound to neither the beginning (^) nor the end ($) of the field',
      'rule 1: the address is read from request.headers.X-Forwarded-For',
      '1 filter, findings: 3',
    ],
  );
});

test('a file that is no filter is a finding, with its place', async () => {
  const file = path.join(folderOf({ 'shop.yaml': good.replace('kind: regex', 'kind: grok') }), 'shop.yaml');
  const { code, lines } = await linted([file], true);
  assert.equal(code, 1);
  const { ok, filters } = JSON.parse(lines.join('')) as {
    ok: boolean;
    filters: { findings: { where: string }[] }[];
  };
  assert.equal(ok, false);
  assert.equal(filters[0]?.findings[0]?.where, '3:7');
  await assert.rejects(linted(['nothing']), { code: 'filter-not-found' });
});

test('what comes with Bailiff says more, and proves it', () => {
  const known = new Set(['shop']);
  const found = (text: string) =>
    shippedFindings(readFilter(text, 'shop.yaml'), known).map(({ where, message }) => `${where}: ${message}`);
  assert.deepEqual(found(`${good}  - {line: a, yields: miss, host: 192.168.0.1}\noverlaps: [store]\n`), [
    'counts: is missing: what counts as a hit, in one phrase',
    'logs: is missing: where the service logs',
    'samples: 1 of them hit; at least 6 should',
    'samples: 1 of them do not hit; at least 4 should',
    'samples: 0 of them have an injected address; at least 2 should',
    'samples: none that hits names an IPv6 address',
    'overlaps: there is no filter store',
    'sample 2: names an address that is not one of those set aside for documentation (RFC 5737, RFC 3849)',
  ]);
});

test('the filter with which docs/writing-a-filter.md begins holds, and its other parts are valid', () => {
  const guide = readFileSync(new URL('../../docs/writing-a-filter.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const [filter = '', attack = '', jails = '', about = '', regex = '', json = '', samples = '', ...more] =
    blocks;
  assert.deepEqual([jails.startsWith('jails:'), more], [true, []]);
  assert.deepEqual(findingsIn(readFilter(filter + attack, 'my-app.yaml')), []);
  const [head = ''] = filter.split('kind:');
  for (const parts of [regex, json]) readFilter(head + about + parts + samples, 'my-app.yaml');
});
