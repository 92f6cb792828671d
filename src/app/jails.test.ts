import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { Allowlist } from '../core/allowlist.ts';
import { Sessions } from '../core/session.ts';
import { systemClock } from '../core/types.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Jails } from './jails.ts';

const web = jailWith('web', { filter: 'nginx-http-auth', container: ['shop'] });

/** What the last ones told of themselves. */
const told: string[] = [];

function jails(...configured: JailConfiguration[]): Jails {
  const ledger = new Ledger({
    path: ':memory:',
    clock: systemClock,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  told.length = 0;
  return new Jails({ jails: configured, maxTracked: 1_000 }, ledger, {
    came: (name) => told.push(`${name} came`),
    went: (name) => told.push(`${name} went`),
  });
}

test('containers that ask for the same share a jail', () => {
  const all = jails();
  assert.equal(all.add(web), all.add({ ...web, container: ['blog'] }));
});

test('a recreated container with other labels has its jail made anew, counts and all', () => {
  const all = jails();
  const before = all.add({ ...web, name: 'web@shop', maxretry: 4 });
  before.hits = 7;
  before.jail.windows.add('203.0.113.7', 1_000, 2);
  const after = all.add({ ...web, name: 'web@shop', maxretry: 3 });
  assert.deepEqual([after.configuration.name, after.jail.limits.maxretry, after.hits], ['web@shop', 3, 7]);
  assert.equal(after.jail.windows.add('203.0.113.7', 1_001, 1), 3);
});

test('jails of another configuration: counts of those that stay go on, under other limits too', () => {
  const [one, two, three] = ['one', 'two', 'three'].map((name) => jailWith(name, { maxretry: 5 }));
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const all = jails(one, two);
  const [first, second] = [all.get('one'), all.get('two')];
  assert.ok(first !== undefined && second !== undefined);
  const { jail } = first;
  for (const entry of [first, second]) entry.jail.windows.add('203.0.113.7', 1_000, 2);
  first.hits = 2;
  all.reconfigure({ jails: [one, { ...two, maxretry: 3, bantime: 60 }, three], maxTracked: 1_000 });
  assert.equal(all.get('one')?.jail, jail, 'what did not change is not touched');
  assert.equal(all.get('two'), second, 'sources hold the entry');
  assert.equal(second.jail.judge('203.0.113.7', 1_001, 1, 1_001).verdict, 'ban');
  assert.equal(second.jail.limits.bantime, 60);
  assert.ok(all.get('three'));
  all.reconfigure({ jails: [{ ...two, enabled: false }, three], maxTracked: 1_000 });
  assert.deepEqual(
    [...all.all()].map(({ configuration: { name } }) => name),
    ['three'],
  );
  all.reconfigure({ jails: [one], maxTracked: 1_000 });
  assert.equal(all.get('one')?.jail.windows.add('203.0.113.7', 1_002, 1), 3, 'it was kept meanwhile');
  const comings = ['one came', 'two came', 'three came', 'one went', 'two went', 'one came', 'three went'];
  assert.deepEqual(told.toSorted(), comings.toSorted());
});

test('a source that was told of a jail before a reload does not bring it back, nor its limits', () => {
  const old = jailWith('ssh', { maxretry: 5 });
  const all = jails(old);
  all.reconfigure({ jails: [{ ...old, maxretry: 2 }], maxTracked: 1_000 });
  assert.equal(all.wanted(old)?.jail.limits.maxretry, 2);
  const labelled = { ...web, name: 'web@shop' };
  assert.equal(all.wanted(labelled), null, 'no label asks for it');
  all.labelled([labelled]);
  assert.equal(all.wanted(labelled)?.configuration, labelled);
  all.reconfigure({ jails: [], maxTracked: 1_000 });
  assert.equal(all.wanted(old), null);
  assert.equal(
    all.wanted({ ...labelled })?.configuration,
    labelled,
    'its label is there until it is read again',
  );
});

test('a jail that was dropped counts on where it comes back', () => {
  const all = jails();
  all.add(web).jail.windows.add('203.0.113.7', 1_000, 2);
  all.drop('web');
  assert.equal(all.get('web'), undefined);
  assert.equal(all.add(web).jail.windows.add('203.0.113.7', 1_001, 1), 3);
});

test('a jail of one container has a tenth of the room of others', () => {
  const all = jails();
  const evicted = (name: string): number => {
    const { windows } = all.add({ ...web, name }).jail;
    for (let host = 0; host < 200; host++) windows.add(`203.0.113.${host}`, 1_000, 1);
    return windows.evicted;
  };
  assert.deepEqual([evicted('web'), evicted('web@shop')], [0, 100]);
});

test('labels with huge values take no more memory than others, and keep no ban of others for longer', () => {
  const own = jailWith('own', { 'bantime.increment': true, 'bantime.forget': 7 * 86_400 });
  const all = jails(own);
  const ages = 10 ** 9;
  const { limits } = all.add(
    jailWith('web@evil', {
      maxretry: 10_000,
      findtime: ages,
      'bantime.increment': true,
      'bantime.forget': ages,
    }),
  ).jail;
  assert.equal(all.longestForget, 7 * 86_400);
  assert.equal(limits.maxTracked, 1, 'times 10,000: as much as 100 addresses with 100 attempts each');
});
