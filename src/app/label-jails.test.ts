import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import { LabelJails, mostLabelJails } from './label-jails.ts';

function labelJails() {
  const banning = new Set<string>();
  const dropped: string[] = [];
  const jails = new LabelJails({
    isConfigured: (name) => name === 'sshd',
    bans: (name) => banning.has(name),
    drop: (name) => dropped.push(name),
  });
  const ask = (id: string, ...names: string[]) =>
    jails.ask(
      id,
      id,
      names.map((name) => jailWith(name)),
    );
  const gone = (id: string): void => jails.forget((each) => each === id);
  return { jails, ask, gone, banning, dropped };
}

test('a jail goes with the last container that asks for it', () => {
  const { ask, gone, dropped } = labelJails();
  ask('1', 'web', 'sshd');
  ask('2', 'web', 'shop@b');
  gone('1');
  assert.deepEqual(dropped, []);
  gone('2');
  assert.deepEqual(dropped, ['web', 'shop@b'], 'that of the configuration stays');
});

test('it stays as long as a ban of it stands', () => {
  const { jails, ask, gone, banning, dropped } = labelJails();
  banning.add('web');
  ask('1', 'web');
  assert.equal(jails.isLeftover('web'), false);
  gone('1');
  jails.tidy();
  assert.deepEqual(dropped, []);
  assert.ok(jails.isLeftover('web'), 'it reads nothing, and that is right');
  assert.equal(jails.isLeftover('sshd'), false);
  banning.clear();
  jails.ended('web');
  assert.deepEqual(dropped, ['web']);
});

test('a container that asks again, or for others, keeps what it asks for still', () => {
  const { ask, dropped } = labelJails();
  ask('1', 'web', 'shop');
  ask('1', 'web');
  assert.deepEqual(dropped, ['shop']);
});

test('what is read when its container is gone already goes when its log ends', () => {
  const { jails, ask, dropped } = labelJails();
  jails.read('web');
  jails.read('sshd');
  ask('1', 'shop');
  jails.read('shop');
  jails.tidy();
  assert.deepEqual(dropped, ['web']);
});

test('there are so many and no more, and the container beyond is told', () => {
  const { ask, gone } = labelJails();
  for (let id = 0; id < mostLabelJails; id++) assert.deepEqual(ask(`${id}`, `web@${id}`).errors, []);
  const more = ask('more', 'sshd', 'web@7', 'web@more');
  assert.deepEqual(
    more.jails.map(({ name }) => name),
    ['sshd', 'web@7'],
  );
  assert.match(more.errors.join(), /labels have made 500 jails, and web@more is not made/);
  gone('3');
  assert.deepEqual(ask('more', 'web@more').errors, []);
});
