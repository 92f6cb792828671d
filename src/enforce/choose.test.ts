import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Backend, Probe } from './backend.ts';
import { chooseBackend } from './choose.ts';
import type { DockerChains } from './docker-chains.ts';
import { FakeBackend } from './fake.ts';
import { backends } from './registry.ts';

const clock = { now: () => 0 };
const signal = new AbortController().signal;
const strengths = { iptables: 'full', nftables: 'full', 'hosts-deny': 'partial', 'dry-run': 'none' } as const;
type Name = keyof typeof strengths;

const works: Probe = { usable: true, detail: 'works' };
const refused: Probe = { usable: false, detail: 'no right; do this' };

/** What a machine of these probes, and of this Docker, comes to; a backend that is not named does not work. */
function machine(
  probes: Partial<Record<Name, Probe>>,
  docker: Partial<DockerChains> = {},
  driver: string | null = null,
) {
  const made: FakeBackend[] = [];
  const registry = Object.fromEntries(
    Object.entries(strengths).map(([name, strength]) => [
      name,
      (): Backend => {
        const backend = new FakeBackend(clock, name, strength);
        const usual = name === 'dry-run' ? works : refused;
        backend.probe = async () => probes[name as Name] ?? usual;
        made.push(backend);
        return backend;
      },
    ]),
  );
  const dockerChains = async () => ({ iptables: [], nftables: false, ...docker });
  const context = { clock, signal, dockerChains, dockerFirewall: async () => driver };
  return { made, choose: (wish: Name | 'auto' = 'auto') => chooseBackend(wish, context, registry) };
}

const both = { iptables: works, nftables: works };
for (const [what, expected, ...of] of [
  ['a machine without Docker', 'iptables', both],
  ['Docker on iptables', 'iptables', both, { iptables: ['nft'] }, null],
  ['an engine that says iptables', 'iptables', both, {}, 'iptables'],
  ['an engine that says iptables+firewalld', 'iptables', both, {}, 'iptables+firewalld'],
  ['an engine that says nftables', 'nftables', both, { nftables: true }, 'nftables'],
  ['an engine that says nftables, old chains left', 'nftables', both, { iptables: ['nft'] }, 'nftables'],
  ["a silent engine with nftables' tables", 'nftables', both, { nftables: true }, null],
  ['a silent engine with both', 'iptables', both, { nftables: true, iptables: ['nft'] }, null],
  ['no ipset', 'nftables', { nftables: works }, { iptables: ['nft'] }, 'iptables'],
  ['no nft, and Docker on nftables', 'iptables', { iptables: works }, {}, 'nftables'],
  ['no ip6tables', 'nftables', { iptables: { ...works, lacks: 'IPv6' }, nftables: works }],
  ['no ip6tables and no nft', 'iptables', { iptables: { ...works, lacks: 'IPv6' } }],
  ['no packet filter', 'hosts-deny', { 'hosts-deny': works }],
  ['nothing', 'dry-run', {}],
] as [string, Name, Parameters<typeof machine>[0], Partial<DockerChains>?, (string | null)?][]) {
  test(`auto, on ${what}: ${expected}`, async () => {
    const { choose, made } = machine(...(of as Parameters<typeof machine>));
    const choice = await choose();
    assert.equal(choice.backend.name, expected);
    assert.equal(choice.outcome, choice.backend.strength === 'full' ? 'met' : 'fallback');
    for (const backend of made) assert.equal(backend.closed, backend !== choice.backend, backend.name);
  });
}

test('what was seen is said, and why something better does not work', async () => {
  const seen = await machine(both, { iptables: ['nft', 'legacy'] }, 'iptables').choose();
  assert.equal(
    seen.detail,
    "works; Docker's rules are in iptables-nft and iptables-legacy, its engine says iptables",
  );
  const lacking = await machine({ iptables: { ...works, lacks: 'IPv6 cannot be enforced' } }).choose();
  assert.match(lacking.detail, /^works; IPv6 cannot be enforced/);
  const nothing = await machine({}).choose();
  assert.equal(nothing.detail, 'iptables: no right; do this; nftables: no right; do this');
});

test('a wish is met, or kept for the time when it can be, never replaced', async () => {
  const dryRun = await machine({}).choose('dry-run');
  assert.deepEqual([dryRun.backend.name, dryRun.outcome], ['dry-run', 'met']);
  for (const wish of ['iptables', 'nftables', 'hosts-deny'] as const) {
    const unmet = await machine({}).choose(wish);
    assert.deepEqual([unmet.backend.name, unmet.outcome, unmet.detail], [wish, 'unmet', 'no right; do this']);
    assert.equal((await machine({ [wish]: works }).choose(wish)).outcome, 'met');
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
