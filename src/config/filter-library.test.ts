import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { FilterLibrary } from './filter-library.ts';

test('filters are had by name, and in a mode', () => {
  const library = new FilterLibrary(filterFiles('modal', 'custom'));
  assert.deepEqual(library.names, ['modal', 'custom']);
  assert.equal(library.about('nothing'), null);
  assert.deepEqual(library.about('modal')?.modes, ['normal', 'strict']);
  const expressions = (name: string) => {
    const filter = library.definition(name);
    assert.ok(filter.kind === 'regex');
    return [filter.name, filter.expressions.length];
  };
  assert.deepEqual(expressions('modal'), ['modal', 1]);
  assert.deepEqual(expressions('modal[mode=normal]'), ['modal', 1]);
  assert.deepEqual(expressions('modal[mode=strict]'), ['modal[mode=strict]', 2]);
  assert.throws(() => library.definition('custom[mode=strict]'), { code: 'filter-mode' });
  assert.throws(() => library.definition('nothing'), { code: 'filter-not-found' });
});

test("a file that is wrong is in nobody else's way", () => {
  const folder = folderOf({ 'broken.yaml': 'name: [' });
  const library = new FilterLibrary(
    new Map([...filterFiles('custom'), ['broken', join(folder, 'broken.yaml')]]),
  );
  assert.equal(library.definition('custom').name, 'custom');
  assert.throws(() => library.about('broken'), { code: 'filter-invalid' });
});
