import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filterFiles } from '../../test/setup/filters.ts';
import { version } from '../version.ts';
import { filterCatalogue } from './filter-catalogue.ts';
import { loadFilters, shippedFilters } from './filters.ts';
import { loadConfiguration } from './load.ts';
import { configurationManual } from './manual.ts';
import { configurationReference, errorsReference, generatedMark } from './reference.ts';

const root = new URL('../../', import.meta.url);
const knownFilters = filterFiles('sshd', 'nginx-http-auth');

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

test('man/bailiff.yaml.5 is as scripts/docs writes it', () => {
  assert.equal(readFileSync(new URL('man/bailiff.yaml.5', root), 'utf8'), configurationManual(version()));
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
