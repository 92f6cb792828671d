import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '../../test/fuzz/random.ts';
import { targetOf, unenforced } from '../core/policy.ts';
import type { Ban } from '../core/types.ts';
import { ActiveBans } from './bans.ts';

const ban: Ban = {
  address: '203.0.113.7',
  jail: 'sshd',
  since: 1_000.25,
  until: 1_600.5,
  hits: 5,
  count: 1,
  policy: 'drop',
  forced: false,
};

const keyOf = ({ jail, address }: Ban): string => `${jail} ${address}`;
const byKey = (bans: Iterable<Ban>): Ban[] => [...bans].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** What `merged` should say of these. */
function mergedOf(bans: Iterable<Ban>): Map<string, number | null> {
  const ends = new Map<string, number>();
  for (const { address, policy, until } of bans) {
    if (policy === unenforced) continue;
    const target = targetOf(address, policy);
    ends.set(target, Math.max(ends.get(target) ?? 0, until ?? Number.POSITIVE_INFINITY));
  }
  return new Map([...ends].map(([target, end]) => [target, Number.isFinite(end) ? end : null]));
}

function tallied(bans: Iterable<Ban>, of: (ban: Ban) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of bans) counts.set(of(each), (counts.get(of(each)) ?? 0) + 1);
  return counts;
}

test('ten thousand random changes leave what a plain list of bans would hold', () => {
  const { below: next } = randomOf(20_261_128);
  const active = new ActiveBans();
  const model = new Map<string, Ban>();
  const jails = ['sshd', 'web', 'recidive', 'by hand'];
  const policies = ['drop', 'reject 80/tcp', unenforced];
  const addresses = Array.from({ length: 20 }, (_, index) => [
    `203.0.113.${2 * index}`,
    `203.0.113.${2 * index}/31`,
    `2001:db8:${index + 1}::/64`,
  ]).flat();
  for (let step = 0; step < 10_000; step += 1) {
    const changed: Ban = {
      ...ban,
      address: addresses[next(addresses.length)] ?? '',
      jail: jails[next(jails.length)] ?? '',
      policy: policies[next(policies.length)] ?? '',
      until: next(10) === 0 ? null : 2_000 + next(1_000) / 4,
      hits: next(1_000),
      count: next(9),
      forced: next(20) === 0,
    };
    const others = [...model.values()].filter(
      (each) => each.address === changed.address && each.jail !== changed.jail,
    );
    if (next(5) < 2) {
      active.delete(changed);
      model.delete(keyOf(changed));
    } else {
      assert.equal(active.set(changed), others.length === 0);
      model.set(keyOf(changed), changed);
    }
    assert.equal(active.size, model.size);
    if (step % 50 !== 0) continue;
    const all = [...model.values()];
    const merged = mergedOf(all);
    assert.deepEqual(byKey(active.all()), byKey(all));
    assert.deepEqual(new Map(active.merged), merged);
    assert.equal(active.merged.size, merged.size);
    for (const [target, until] of merged) assert.equal(active.merged.get(target), until);
    assert.deepEqual(
      addresses.flatMap((address) => policies.map((policy) => active.merged.has(targetOf(address, policy)))),
      addresses.flatMap((address) => policies.map((policy) => merged.has(targetOf(address, policy)))),
    );
    assert.deepEqual(
      new Map(active.byJail),
      tallied(all, ({ jail }) => jail),
    );
    const permanent = all.filter(({ until }) => until === null);
    assert.deepEqual(
      new Map(active.permanentByJail),
      tallied(permanent, ({ jail }) => jail),
    );
    assert.deepEqual(new Set(active.policies()), new Set(all.map(({ policy }) => policy)));
    const ends = all.flatMap(({ until }) => until ?? []);
    assert.equal(active.nextExpiry(), ends.length === 0 ? null : Math.min(...ends));
    for (const { address, policy } of all)
      assert.equal(
        active.isForced(targetOf(address, policy)),
        all.some((each) => each.forced && each.address === address && each.policy === policy),
      );
  }
  for (const each of [...active.all()]) active.delete(each);
  assert.deepEqual(
    [[...active.all()], active.size, active.merged.size, active.nextExpiry()],
    [[], 0, 0, null],
  );
  active.set(ban);
  assert.deepEqual([...active.all()], [ban]);
});

test('a ban that stands while another of its address ends is passed over by nobody who goes through them', () => {
  const active = new ActiveBans();
  const others = [1, 2, 3, 4].map((last) => ({ ...ban, address: `198.51.100.${last}` }));
  const [gone = ban] = others;
  for (const each of others) active.set(each);
  active.set(ban);
  active.delete(gone);
  // In the room of the one that is gone, before the other of its address.
  const stays = { ...ban, jail: 'recidive', policy: 'reject 80/tcp' };
  active.set(stays);
  const [targets, bans] = [active.merged[Symbol.iterator](), active.all()];
  const seen = [targets.next(), targets.next()].map(({ value }) => value?.[0]);
  const told = [bans.next(), bans.next()].map(({ value }) => value && keyOf(value));
  active.delete(ban);
  for (let next = targets.next(); next.done !== true; next = targets.next()) seen.push(next.value[0]);
  for (const each of bans) told.push(keyOf(each));
  const standing = [...others.slice(1), stays];
  assert.deepEqual(seen.sort(), standing.map(({ address, policy }) => targetOf(address, policy)).sort());
  assert.deepEqual(told.sort(), standing.map(keyOf).sort());
});

test('those whose time is over are told once, and stand until they are deleted', () => {
  const active = new ActiveBans();
  const later = { ...ban, jail: 'web', until: 1_700 };
  active.set(ban);
  active.set(later);
  active.set({ ...ban, jail: 'recidive', until: null });
  assert.equal(active.nextExpiry(), 1_600.5);
  assert.deepEqual(active.expired(1_600), []);
  assert.deepEqual(active.expired(1_650), [ban]);
  assert.deepEqual(active.expired(1_650), []);
  assert.deepEqual(active.get('sshd', ban.address), ban);
  active.delete(ban);
  assert.equal(active.nextExpiry(), 1_700);
  active.set({ ...later, until: 1_900 });
  assert.equal(active.nextExpiry(), 1_900);
});

test('numbers of a database that was changed are as large as they can be', () => {
  const active = new ActiveBans();
  active.set({ ...ban, hits: 1e15, count: 2 ** 40 });
  const { hits, count } = active.get('sshd', ban.address) ?? ban;
  assert.deepEqual([hits, count], [2 ** 31 - 1, 2 ** 31 - 1]);
  active.set({ ...ban, until: Number.POSITIVE_INFINITY });
  assert.deepEqual([active.get('sshd', ban.address)?.until, ...active.permanentByJail], [null, ['sshd', 1]]);
  active.delete(ban);
  assert.deepEqual([...active.permanentByJail], []);
  assert.throws(() => active.set({ ...ban, address: 'nobody' }), RangeError);
});
