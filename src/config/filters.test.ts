import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { BailiffError } from '../core/errors.ts';
import { loadFilters, loadNamedFilter, parseFilter, shippedFilters } from './filters.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bailiff-filters-'));
after(() => rmSync(folder, { recursive: true }));

const head = 'name: x\ndescription: x\n';
const samples = 'samples:\n  - {line: a, yields: miss}\n';

/** A file, where its error must be said to be, and what it must say. */
const bad: readonly (readonly [text: string, place: string, message: RegExp])[] = [
  [
    `${head}kind: regex\nexpressions:\n  - hit: '(oops'\n${samples}`,
    'x.yaml:5:10',
    /expressions\.0\.hit: is not a regular expression: .*Unterminated group/,
  ],
  [
    `${head}kind: regex\nexpressions:\n  - hit: '\\i'\n${samples}`,
    'x.yaml:5:10',
    /is not a regular expression/,
  ],
  [
    `${head}kind: regex\nexpressions:\n  - hit: '<HOST> <HOST>'\n${samples}`,
    'x.yaml:5:10',
    /Duplicate capture group name/,
  ],
  [`${head}kind: regex\nexpressions:\n  - hits: a\n${samples}`, 'x.yaml:5:5', /there is no key "hits"/],
  [
    `${head}kind: regex\nexpressions:\n  - hit: a\n    nofail: b\n${samples}`,
    'x.yaml:5:5',
    /needs exactly one of hit, nofail, gained, forget/,
  ],
  [`${head}kind: regex\nexpressions: []\n${samples}`, 'x.yaml:4:14', /expressions/],
  [`${head}kind: grok\n${samples}`, 'x.yaml:3:7', /kind/],
  [`${head}kind: regex\nexpressions:\n  - hit: a\n`, 'x.yaml:1:1', /samples/],
  [
    `${head}kind: regex\nexpressions:\n  - hit: a\nsamples:\n  - line: a\n    yields: ban\n`,
    'x.yaml:8:13',
    /samples\.0\.yields/,
  ],
  [
    `${head}kind: json\nrules:\n  - hit: {where: {a: {regexp: b}}, host: c}\n${samples}`,
    'x.yaml:5:23',
    /regexp/,
  ],
  [`${head}kind: json\nrules:\n  - hit: {where: {}}\n${samples}`, 'x.yaml:5:18', /at least one field/],
  ['name: [', 'x.yaml:1:8', /./],
];

for (const [text, place, message] of bad) {
  test(`a bad filter is refused at ${place}: ${message.source}`, () => {
    assert.throws(
      () => parseFilter(text, 'x.yaml'),
      (error) => {
        assert.ok(error instanceof BailiffError);
        assert.equal(error.code, 'filter-invalid');
        assert.match(error.message, message);
        assert.equal(error.where, place);
        return true;
      },
    );
  });
}

test('both kinds become plain definitions that cross a thread', () => {
  const text = `${head}kind: json\nrules:\n  - hit: {where: {a: [1, two], b: {regex: '^x'}, c: null}, host: d.e}\n${samples}`;
  const definition = parseFilter(text, 'x.yaml');
  assert.deepEqual(structuredClone(definition), definition);
  assert.ok(definition.kind === 'json');
  assert.deepEqual(definition.rules, [
    {
      kind: 'hit',
      where: [
        { path: 'a', values: [1, 'two'] },
        { path: 'b', pattern: '^x' },
        { path: 'c', values: [null] },
      ],
      host: 'd.e',
      user: null,
      session: null,
      time: null,
    },
  ]);
});

test('filters are found by name, a later folder wins, and a near name is suggested', async () => {
  const own = `name: sshd\ndescription: own\nkind: regex\nexpressions:\n  - hit: 'x <HOST>'\n${samples}`;
  writeFileSync(path.join(folder, 'sshd.yaml'), own);
  const folders = [shippedFilters, folder, path.join(folder, 'missing')];
  const all = await loadFilters(folders);
  assert.equal(all.find(({ name }) => name === 'sshd')?.description, 'own');
  assert.ok(all.some(({ name }) => name === 'nginx-http-auth'));
  assert.equal((await loadNamedFilter(path.join(folder, 'sshd.yaml'), [])).description, 'own');
  await assert.rejects(loadNamedFilter('ssdh', folders), {
    code: 'filter-not-found',
    remedy: 'Did you mean "sshd"?',
  });
  await assert.rejects(loadNamedFilter(path.join(folder, 'none.yaml'), folders), {
    code: 'filter-not-found',
  });
  writeFileSync(path.join(folder, 'other.yaml'), own);
  await assert.rejects(loadFilters(folders), { code: 'filter-invalid' });
});
