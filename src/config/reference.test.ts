import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filterFiles } from '../../test/setup/filters.ts';
import { filterCatalogue } from './filter-catalogue.ts';
import { loadFilters, shippedFilters } from './filters.ts';
import { loadConfiguration } from './load.ts';
import { configurationReference, errorsReference, generatedMark } from './reference.ts';

const root = new URL('../../', import.meta.url);
const knownFilters = filterFiles('sshd', 'nginx-http-auth');
const directory = mkdtempSync(join(tmpdir(), 'bailiff-reference-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const page = readFileSync(new URL('docs/configuration.md', root), 'utf8');

test('docs/configuration.md is as scripts/docs writes it', () => {
  assert.equal(page.slice(page.indexOf(generatedMark)), configurationReference());
});

test('docs/errors.md is as scripts/docs writes it', () => {
  assert.equal(readFileSync(new URL('docs/errors.md', root), 'utf8'), errorsReference());
});

test('docs/filters.md is as scripts/docs writes it', async () => {
  const filters = await loadFilters([shippedFilters]);
  assert.equal(readFileSync(new URL('docs/filters.md', root), 'utf8'), filterCatalogue(filters));
});

test('the examples of docs/configuration.md are valid', async () => {
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const files = blocks.filter((text) => !text.startsWith('services:'));
  assert.equal(files.length, 8);
  for (const text of files) {
    const file = join(directory, 'bailiff.yaml');
    writeFileSync(file, text);
    assert.ok((await loadConfiguration({ file, environment: {}, knownFilters })).jails.length > 0);
  }
});

test('examples/bailiff.yaml is valid', async () => {
  const file = fileURLToPath(new URL('examples/bailiff.yaml', root));
  const { jails } = await loadConfiguration({ file, environment: {}, knownFilters });
  assert.deepEqual(
    jails.map(({ name, enabled }) => [name, enabled]),
    [
      ['sshd', true],
      ['nginx-http-auth', true],
      ['intranet', false],
    ],
  );
});
