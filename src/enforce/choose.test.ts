import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Backend } from './backend.ts';
import { chooseBackend } from './choose.ts';
import { DryRunBackend } from './dry-run.ts';
import { FakeBackend } from './fake.ts';
import { backends } from './registry.ts';

const clock = { now: () => 0 };
const context = { clock, signal: new AbortController().signal };

/** A registry whose iptables says this of itself. */
function registryWith(usable: boolean, detail: string, made: FakeBackend[] = []) {
  return {
    iptables: (): Backend => {
      const backend = new FakeBackend(clock);
      backend.probe = async () => ({ usable, detail });
      made.push(backend);
      return backend;
    },
    'dry-run': (): Backend => new DryRunBackend(clock),
  };
}

test('auto takes what works', async () => {
  const choice = await chooseBackend('auto', context, registryWith(true, 'ipset v7'));
  assert.deepEqual([choice.backend.strength, choice.dryRun, choice.detail], ['full', null, 'ipset v7']);
});

test('auto falls back to dry-run, says why, and closes what it tried', async () => {
  const made: FakeBackend[] = [];
  const choice = await chooseBackend('auto', context, registryWith(false, 'no right; do this', made));
  assert.deepEqual(
    [choice.backend.name, choice.dryRun, choice.detail],
    ['dry-run', 'fallback', 'iptables: no right; do this'],
  );
  assert.equal(made[0]?.closed, true);
});

test('a wish is met or refused, never replaced', async () => {
  const asked = await chooseBackend('dry-run', context, registryWith(true, ''));
  assert.equal(asked.dryRun, 'asked');
  await assert.rejects(chooseBackend('iptables', context, registryWith(false, 'no right')), {
    code: 'enforcement-unavailable',
    message: 'no right',
  });
  for (const wish of ['nftables', 'hosts-deny'] as const) {
    await assert.rejects(chooseBackend(wish, context), { code: 'enforcement-unavailable' });
  }
});

test('every backend in this folder stands in the registry under its name; the fake does not', () => {
  const folder = new URL('.', import.meta.url);
  const written = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'fake.ts')
    .filter((file) =>
      /^export class \w+ implements Backend\b/m.test(readFileSync(new URL(file, folder), 'utf8')),
    )
    .map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(written.sort(), Object.keys(backends).sort());
  for (const [name, make] of Object.entries(backends)) assert.equal(make({ clock }).name, name);
});
