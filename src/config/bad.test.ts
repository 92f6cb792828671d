import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filterFiles } from '../../test/setup/filters.ts';
import { ConfigurationErrors } from './errors.ts';
import { loadConfiguration } from './load.ts';

// One configuration per mistake in testdata/bad/NAME.yaml; NAME.txt is all that must be said of it.
const directory = fileURLToPath(new URL('./testdata/bad/', import.meta.url));
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length));

/** The filters that the files may use; `custom` is one without a usual log path. */
const knownFilters = filterFiles('sshd', 'nginx-http-auth', 'custom');

test('there are bad configurations', () => assert.ok(names.length > 20));

for (const name of names) {
  test(`bad configuration: ${name}`, async () => {
    const expected = readFileSync(`${directory}${name}.txt`, 'utf8').trimEnd();
    const loading = loadConfiguration({ file: `${directory}${name}.yaml`, environment: {}, knownFilters });
    await assert.rejects(loading, (error) => {
      assert.ok(error instanceof ConfigurationErrors);
      assert.equal(error.message.replaceAll(directory, ''), expected);
      return true;
    });
  });
}
