import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseFilter } from '../config/filter-file.ts';
import { checkSamples } from './samples.ts';

const folder = path.resolve(import.meta.dirname, '..', '..', 'filters');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test('there are filters', () => {
  assert.ok(files.includes('sshd.yaml'));
  assert.ok(files.includes('nginx-http-auth.yaml'));
});

for (const file of files) {
  const definition = parseFilter(readFileSync(path.join(folder, file), 'utf8'), file);

  test(`${file}: every sample yields what it says`, () => {
    assert.equal(definition.name, path.basename(file, '.yaml'));
    assert.deepEqual(
      checkSamples(definition).map((error) => error.describe()),
      [],
    );
  });

  if (definition.kind !== 'fail2ban')
    test(`${file}: every expression decides at least one sample`, () => {
      const count = definition.kind === 'regex' ? definition.expressions.length : definition.rules.length;
      for (let left = 0; left < count; left++) {
        const without =
          definition.kind === 'regex'
            ? { ...definition, expressions: definition.expressions.toSpliced(left, 1) }
            : { ...definition, rules: definition.rules.toSpliced(left, 1) };
        assert.notDeepEqual(checkSamples(without), [], `without number ${left + 1} nothing changes`);
      }
    });
}

test('a sample that is not true is told with its number and the line', () => {
  const [error] = checkSamples({
    kind: 'regex',
    name: 'x',
    description: 'x',
    ignoreCase: false,
    prefix: null,
    expressions: [{ kind: 'hit', pattern: '^ bad <HOST>$' }],
    ignore: [],
    samples: [{ line: 'Nov 22 16:02:01 bad 203.0.113.7', yields: 'hit', host: '203.0.113.8' }],
  });
  assert.equal(error?.code, 'filter-sample');
  assert.match(error?.describe() ?? '', /sample 1: host should be "203\.0\.113\.8" and is "203\.0\.113\.7"/);
});
