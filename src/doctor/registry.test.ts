import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checks } from './registry.ts';

test('every check in the folder stands in the registry under its name', () => {
  const files = readdirSync(new URL('checks/', import.meta.url))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(checks.map(({ name }) => name).sort(), files.sort());
});

test('every check is explained in the manual, under its title, and has a test', () => {
  const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
  const tests = readdirSync(new URL('checks/', import.meta.url));
  for (const { name, title } of checks) {
    assert.ok(page.includes(`\n### ${title}\n`), `docs/doctor.md lacks "${title}"`);
    assert.ok(tests.includes(`${name}.test.ts`), `${name} has no test`);
  }
});
