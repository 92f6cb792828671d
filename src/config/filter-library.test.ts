import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { filterFiles } from '../../test/setup/filters.ts';
import { folderOf } from '../../test/setup/folder.ts';
import { FilterLibrary } from './filter-library.ts';
import { findFilters, loadFilterFile, loadToRun, shippedFilters } from './filters.ts';

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

test('of a shipped filter all is read but its samples, of another one these too', async () => {
  const files = [...(await findFilters([shippedFilters])).values()];
  for (const file of files) {
    const { samples, ...all } = loadFilterFile(file);
    const { samples: read, ...rest } = loadToRun(file);
    assert.deepEqual([rest, read], [all, samples.slice(0, 1)], file);
  }
  const [own = ''] = filterFiles('modal').values();
  assert.deepEqual(loadToRun(own), loadFilterFile(own));
  const library = new FilterLibrary(filterFiles('sshd'));
  assert.deepEqual(library.definition('sshd').samples, []);
});

test("a file that is wrong is in nobody else's way", () => {
  const folder = folderOf({ 'broken.yaml': 'name: [' });
  const library = new FilterLibrary(
    new Map([...filterFiles('custom'), ['broken', join(folder, 'broken.yaml')]]),
  );
  assert.equal(library.definition('custom').name, 'custom');
  assert.throws(() => library.about('broken'), { code: 'filter-invalid' });
});

test('which filters may belong to an image is told by the part of their files that names images', () => {
  const texts = {
    'one-line': 'images: [nginx, ghcr.io/shop/app]\nkind: regex # not for httpd\n',
    list: '# httpd\nimages:\n  # the usual one\n  - shop/app\n\n- nginx\nkind: regex\nsamples: [httpd]\n',
    flow: '{name: flow, "images": ["nginx"]}',
    none: 'name: none\nkind: regex\n',
  };
  const folder = folderOf(texts);
  const names = [...Object.keys(texts), 'missing'];
  const filters = new FilterLibrary(new Map(names.map((name) => [name, join(folder, name)])));
  const fitting = (image: string) => filters.names.filter((name) => filters.mayBelongTo(name, image));
  assert.deepEqual(fitting('nginx'), ['one-line', 'list', 'flow']);
  assert.deepEqual(fitting('shop/app'), ['one-line', 'list']);
  assert.deepEqual(fitting('httpd'), []);
});
