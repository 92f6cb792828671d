import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFail2ban } from '../../src/config/fail2ban/read.ts';
import { randomOf, seed } from '../fuzz/random.ts';
import { folderOf } from '../setup/folder.ts';
import { cases, refusedWhole } from './cases.ts';
import { askFail2ban, type PlainJail } from './fail2ban-readers.ts';
import { modesOf, stockNames, stockWith } from './folders.ts';
import { plainJails } from './plain.ts';
import { randomConfiguration } from './random-configuration.ts';

test('all stock jails, enabled at once, are read as fail2ban reads them', (context) => {
  const jails = compare(stockWith({ 'jail.local': '[DEFAULT]\nenabled = true\n' }));
  const errors = Object.entries(jails).filter(([, jail]) => 'error' in jail);
  assert.deepEqual(errors, []);
  context.diagnostic(`${Object.keys(jails).length} jails`);
  assert.ok(Object.keys(jails).length > 80);
});

test('all stock filters in all modes, for files and for the journal, are read as fail2ban reads them', (context) => {
  const filters = stockNames('filter.d').filter((name) => !name.endsWith('.py'));
  const sections = filters.flatMap((filter) =>
    modesOf(filter).flatMap((mode) =>
      ['auto', 'systemd'].map(
        (backend) =>
          `[${filter}-${mode}-${backend}]\nenabled = true\nfilter = ${filter}[mode=${mode}]\nbackend = ${backend}\n`,
      ),
    ),
  );
  const jails = compare(stockWith({ 'jail.conf': sections.join('') }));
  // What is only there to be included need not be complete.
  const whole = Object.entries(jails).filter(([name]) => !name.includes('common-'));
  assert.deepEqual(
    whole.filter(([, jail]) => 'error' in jail),
    [],
  );
  context.diagnostic(`${filters.length} filters, ${sections.length} jails`);
});

test('all stock actions are read as fail2ban reads them', (context) => {
  const actions = stockNames('action.d');
  const sections = actions.map(
    (name) =>
      `[with-${name}]\nenabled = true\nfilter = sshd\nport = ssh\naction = ${name}[port="http,https", name=x]\n`,
  );
  compare(stockWith({ 'jail.conf': sections.join('') }));
  context.diagnostic(`${actions.length} actions`);
});

test('configurations of every odd kind are read as fail2ban reads them', async (context) => {
  const names = Object.keys(cases);
  const folders = Object.values(cases).map(folderOf);
  const { version, answers } = askFail2ban(folders);
  for (const [index, name] of names.entries()) {
    await context.test(name, () => {
      const ours = readFail2ban(folders[index] ?? '', { version });
      equalJails(plainJails(ours), answers[index]?.jails ?? {});
    });
  }
});

test('where fail2ban reads nothing at all, the sound jails are read here', async (context) => {
  const folders = Object.values(refusedWhole).map(folderOf);
  const { answers } = askFail2ban(folders);
  for (const [index, name] of Object.keys(refusedWhole).entries()) {
    await context.test(name, () => {
      assert.notEqual(answers[index]?.error, undefined);
      const { jails, problems } = readFail2ban(folders[index] ?? '');
      assert.deepEqual(
        jails.map((jail) => jail.name),
        ['k'],
      );
      assert.notDeepEqual(problems, []);
    });
  }
});

test('random configurations are read as fail2ban reads them', (context) => {
  context.diagnostic(`FUZZ_SEED=${seed}`);
  const random = randomOf(seed);
  const folders = Array.from({ length: 150 }, () => folderOf(randomConfiguration(random)));
  const { version, answers } = askFail2ban(folders, 0.3);
  let sound = 0;
  for (const [index, folder] of folders.entries()) {
    const { error, jails = {} } = answers[index] ?? {};
    const ours = readFail2ban(folder, { version });
    // Tags that double a value 25 times are within fail2ban's rules, and beyond its means.
    const ended = Object.entries(jails).filter(([, jail]) => !('endless' in jail));
    const plain = plainJails(ours);
    const same = ended.map(([name]) => [name, plain[name] ?? { error: 'missing' }]);
    if (error === undefined) equalJails(Object.fromEntries(same), Object.fromEntries(ended), folder);
    else assert.notDeepEqual(ours.problems, [], folder);
    sound += ours.jails.length;
  }
  context.diagnostic(`${sound} jails without an error`);
  assert.ok(sound > folders.length / 2);
});

/** Holds our reading of a directory against fail2ban's, jail by jail; ours is returned. */
function compare(folder: string): Record<string, PlainJail> {
  const { version, answers } = askFail2ban([folder]);
  const ours = plainJails(readFail2ban(folder, { version }));
  equalJails(ours, answers[0]?.jails ?? {});
  return ours;
}

function equalJails(
  ours: Readonly<Record<string, PlainJail>>,
  theirs: Readonly<Record<string, PlainJail>>,
  folder = '',
): void {
  assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
  for (const [name, jail] of Object.entries(theirs)) {
    assert.deepEqual(comparable(ours[name]), comparable(jail), `${folder} ${name}`);
  }
}

/** Errors are told in other words. */
function comparable(jail: PlainJail | undefined): unknown {
  return jail !== undefined && 'error' in jail ? { error: true } : jail;
}
