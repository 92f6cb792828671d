import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { BailiffError } from '../core/errors.ts';
import { parseFilter } from './filter-file.ts';
import { loadFilters, loadNamedFilter, shippedFilters } from './filters.ts';

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
  [
    `${head}modes: [a]\nkind: regex\nexpressions:\n  - hit: a\n  - hit: b\n    modes: [b]\n${samples}`,
    'x.yaml:8:13',
    /expressions\.1\.modes\.0: the filter's modes do not name "b"/,
  ],
  [
    `${head}modes: [a, b]\nkind: regex\nexpressions:\n  - hit: a\n    modes: [a]\n${samples}`,
    'x.yaml:3:12',
    /nothing is looked for in the mode "b"/,
  ],
  [
    `${head}kind: regex\nexpressions:\n  - hit: a\nsamples:\n  - {line: a, yields: miss, mode: b}\n`,
    'x.yaml:7:35',
    /samples\.0\.mode: the filter's modes do not name "b"/,
  ],
  [
    `${head}kind: regex\nexpressions:\n  - hit: a\nsamples:\n  - {line: a, yields: hit, host: a, injected: a}\n`,
    'x.yaml:7:47',
    /is the very address that the line must name/,
  ],
  [
    `${head}logs: {}\nkind: regex\nexpressions:\n  - hit: a\n${samples}`,
    'x.yaml:3:7',
    /needs at least one place/,
  ],
  [
    `${head}jail: {maxretry: none}\nkind: regex\nexpressions:\n  - hit: a\n${samples}`,
    'x.yaml:3:18',
    /jail\.maxretry: a whole number from 1 to 10000/,
  ],
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

test('a filter with modes is another one in each of them, with the samples of that mode', () => {
  const text = `${head}modes: [normal, strict, other]
kind: regex
expressions:
  - hit: 'a <HOST>'
  - hit: 'b <HOST>'
    modes: [strict, other]
samples:
  - {line: a, yields: miss}
  - {line: b, yields: miss, mode: strict}
`;
  const inMode = (mode: string | null) => {
    const filter = parseFilter(text, 'x.yaml', mode);
    assert.ok(filter.kind === 'regex');
    const { name, expressions, samples } = filter;
    return [
      name,
      expressions.map(({ pattern }) => pattern[0]).join(''),
      samples.map(({ line }) => line).join(''),
    ];
  };
  assert.deepEqual(inMode(null), ['x', 'a', 'a']);
  assert.deepEqual(inMode('normal'), ['x', 'a', 'a']);
  assert.deepEqual(inMode('strict'), ['x[mode=strict]', 'ab', 'b']);
  assert.deepEqual(inMode('other'), ['x[mode=other]', 'ab', '']);
  assert.throws(() => inMode('strikt'), {
    code: 'filter-mode',
    message: 'the filter x has no mode "strikt"',
    remedy: 'Its modes: normal, strict, other.',
  });
});

test('what is told of a filter is read with it', () => {
  const { about } = parseFilter(
    `${head}counts: wrong passwords
logs: {files: [/var/log/x.log], journal: _SYSTEMD_UNIT=x.service + _UID=0, container: [stdout], inside: [/x.log], inside-of: [ghcr.io/x/y]}
images: [x, ghcr.io/x/y]
setup: Log the address.
forgeable: it writes names as they come
jail: {maxretry: 30, findtime: 1m, bantime: -1}
overlaps: [y]
kind: regex
expressions:
  - hit: a
${samples}`,
    'x.yaml',
  );
  assert.deepEqual(about, {
    counts: 'wrong passwords',
    logs: {
      files: ['/var/log/x.log'],
      journal: [['_SYSTEMD_UNIT=x.service'], ['_UID=0']],
      container: ['stdout'],
      inside: ['/x.log'],
      insideOf: ['ghcr.io/x/y'],
    },
    images: ['x', 'ghcr.io/x/y'],
    setup: 'Log the address.',
    forgeable: 'it writes names as they come',
    jail: { maxretry: 30, findtime: 60, bantime: null },
    modes: [],
    overlaps: ['y'],
  });
});

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
