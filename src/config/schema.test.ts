import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailOptionNames, notifyOptionNames, variablePaths, variableText } from './option-names.ts';
import { builtInLayer } from './picker.ts';
import {
  defaultsShape,
  fail2banShape,
  globalShape,
  jailShape,
  notifyShape,
  optionEntries,
} from './schema.ts';

const shapes = { fail2banShape, globalShape, defaultsShape, jailShape, notifyShape };

test('every option says what it is and what it is without being set', () => {
  for (const [shape, options] of Object.entries(shapes)) {
    for (const [name, { def }] of Object.entries(options)) {
      const entry = optionEntries.get(def.innerType);
      assert.match(entry?.description ?? '', /\.$/, `${shape} ${name}`);
      assert.ok((entry?.default === undefined) !== (entry?.otherwise === undefined), `${shape} ${name}`);
    }
  }
});

test('every default is a value that its option takes', () => {
  const { defaults, fail2ban, ...values } = builtInLayer();
  const unset = Object.keys(defaultsShape).filter((name) => !Object.hasOwn(defaults ?? {}, name));
  assert.deepEqual(unset, ['bantime.increment', 'bantime.maxtime', 'bantime.rndtime', 'bantime.forget']);
  assert.deepEqual(fail2ban, { metrics: false, 'allow-actions': false });
  const without = Object.keys(globalShape).filter((name) => !Object.hasOwn(values, name));
  const found = ['docker-socket', 'journal-directory', 'kubernetes-api', 'kubernetes-node', 'time-zone'];
  const secrets = ['api-read-token', 'api-write-token', 'mail-password'];
  assert.deepEqual(without.sort(), [...found, ...secrets].sort());
});

test('options keep one name everywhere, and each variable means one option', () => {
  for (const name of Object.values(shapes).flatMap((shape) => Object.keys(shape))) {
    assert.match(name, /^[a-z]+(?:[-.][a-z]+)*$/);
  }
  const count = [globalShape, defaultsShape, fail2banShape].flatMap(Object.keys).length;
  assert.equal(variablePaths.size, count);
  assert.ok([...variablePaths.keys()].every((variable) => !variable.startsWith('BAILIFF_JAIL')));
});

for (const names of [jailOptionNames, notifyOptionNames]) {
  test(`no option ends like another, so that a variable with a name in it reads one way: ${names[0]} …`, () => {
    const texts = names.map(variableText);
    for (const text of texts) {
      assert.deepEqual(
        texts.filter((other) => `_${other}`.endsWith(`_${text}`)),
        [text],
      );
    }
  });
}
