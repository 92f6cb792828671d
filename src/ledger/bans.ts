import { AddressIndex } from '../core/address-index.ts';
import { type AddressKey, formatKey, readKey } from '../core/address-key.ts';
import { none } from '../core/entry-pool.ts';
import { EntryHeap } from '../core/heap.ts';
import { type Desired, type Policy, splitTarget, type Target, targetOf, unenforced } from '../core/policy.ts';
import type { Address, Ban } from '../core/types.ts';
import { BanPool, mostCounted } from './ban-pool.ts';
import { SharedTexts } from './shared-texts.ts';

/** Earlier than any. */
const noTime = Number.NEGATIVE_INFINITY;

/** One for all: it is made use of before another one is read. */
const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };

/**
 * The active bans in memory: by address, and merged over jails as the kernel sees them. Changes here are not
 * stored: the ledger does that. They are kept as numbers, and a `Ban` is made when one is asked for.
 */
export class ActiveBans {
  readonly #pool = new BanPool();
  /** The first ban of each address; the others hang on it. */
  readonly #index = new AddressIndex(this.#pool);
  readonly #expiries = new EntryHeap(this.#pool);
  readonly #policies = new SharedTexts();
  readonly #jails = new SharedTexts();
  /** By jail: how many have no end. */
  readonly #permanent = new Map<string, number>();
  #size = 0;
  /** How many of them were forced by hand. */
  #forced = 0;
  /** How many pairs of address and policy. */
  #targets = 0;

  /** Target to the end of its longest ban; null: for ever. What the kernel should hold. */
  readonly merged: Desired = this.#merged();

  /** The policies of all bans. */
  policies(): Iterable<Policy> {
    return this.#policies.counts.keys();
  }

  /** Policies of bans that are still to be read: their sets have to be there by then. */
  expect(policies: Iterable<Policy>): void {
    for (const policy of policies) this.#policies.expect(policy);
  }

  /** How many bans each jail has; asked often, beside many. */
  get byJail(): ReadonlyMap<string, number> {
    return this.#jails.counts;
  }

  /** How many of them have no end. */
  get permanentByJail(): ReadonlyMap<string, number> {
    return this.#permanent;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether a ban of this target was forced by hand. */
  isForced(target: Target): boolean {
    if (this.#forced === 0) return false;
    const { address, policy } = splitTarget(target);
    return this.ofAddress(address).some((ban) => ban.forced && ban.policy === policy);
  }

  get(jail: string, address: Address): Ban | undefined {
    const found = this.#ofJail(this.#first(address), jail);
    return found === none ? undefined : this.#ban(found);
  }

  ofAddress(address: Address): readonly Ban[] {
    const bans: Ban[] = [];
    for (let entry = this.#first(address); entry !== none; entry = this.#pool.next(entry))
      bans.push(this.#ban(entry));
    return bans;
  }

  /** In no order. What is added or ended meanwhile may come or not; each of the others comes once. */
  *all(): Generator<Ban, void> {
    for (const entry of this.#pool.entries()) yield this.#ban(entry);
  }

  /** Addresses of which a ban is as `such` says, for who looks at all of them: one key, over and over. */
  *keys(such: (hits: number, policy: Policy) => boolean): Generator<Readonly<AddressKey>, void> {
    const found: AddressKey = { ...key };
    const is = (entry: number): boolean =>
      such(this.#pool.hits(entry), this.#policies.text(this.#pool.policy(entry)));
    for (const first of this.#firsts()) {
      let entry = first;
      while (entry !== none && !is(entry)) entry = this.#pool.next(entry);
      if (entry === none) continue;
      this.#pool.readKey(entry, found);
      yield found;
    }
  }

  /**
   * Adds a ban or replaces the one of the same jail and address. @returns whether it is the only one of its address
   * @throws RangeError where that is none
   */
  set(ban: Ban): boolean {
    readKey(ban.address, key);
    const first = this.#index.find(key);
    if (first === none) {
      this.#index.add(this.#add(ban));
      return true;
    }
    const standing = this.#ofJail(first, ban.jail);
    if (standing === none) {
      const last = this.#last(first);
      this.#pool.setNext(last, this.#add(ban, first));
      return false;
    }
    this.#discount(standing, first);
    this.#pool.write(standing, this.#counted(ban, first, standing));
    this.#queue(standing);
    return this.#pool.next(first) === none;
  }

  delete(ban: Ban): void {
    const first = this.#first(ban.address);
    const entry = this.#ofJail(first, ban.jail);
    if (entry === none) return;
    this.#discount(entry, first);
    this.#unlink(entry, first);
    this.#pool.remove(entry);
    this.#size -= 1;
  }

  /** When the next ban ends, or null. */
  nextExpiry(): number | null {
    const next = this.#expiries.first;
    return next === none ? null : this.#pool.until(next);
  }

  /** The bans whose time is over, once each. They stay until `delete`. */
  expired(now: number): Ban[] {
    const over: Ban[] = [];
    for (let next = this.#expiries.first; next !== none; next = this.#expiries.first) {
      if (this.#pool.until(next) > now) break;
      this.#expiries.delete(next);
      over.push(this.#ban(next));
    }
    return over;
  }

  /** `first`: the first of its address, where there is one. @returns its entry */
  #add(ban: Ban, first = none): number {
    const entry = this.#pool.add(key, this.#counted(ban, first, none));
    this.#queue(entry);
    this.#size += 1;
    return entry;
  }

  /** What is kept of a ban, which counts from now on: beside those of its address, but for `replaced`. */
  #counted(ban: Ban, first: number, replaced: number) {
    const { jail, policy, hits, count, forced, since } = ban;
    const until = ban.until ?? Number.POSITIVE_INFINITY;
    if (until === Number.POSITIVE_INFINITY) change(this.#permanent, jail, 1);
    if (forced) this.#forced += 1;
    const fields = {
      jail: this.#jails.take(jail),
      policy: this.#policies.take(policy),
      hits: Math.min(hits, mostCounted),
      count: Math.min(count, mostCounted),
      forced,
      since,
      until,
    };
    if (policy !== unenforced && !this.#shared(first, fields.policy, replaced)) this.#targets += 1;
    return fields;
  }

  /** It counts no more. */
  #discount(entry: number, first: number): void {
    const policy = this.#pool.policy(entry);
    const jail = this.#pool.jail(entry);
    const enforced = this.#policies.text(policy) !== unenforced;
    if (enforced && !this.#shared(first, policy, entry)) this.#targets -= 1;
    if (this.#pool.until(entry) === Number.POSITIVE_INFINITY)
      change(this.#permanent, this.#jails.text(jail), -1);
    if (this.#pool.forced(entry)) this.#forced -= 1;
    this.#jails.drop(jail);
    this.#policies.drop(policy);
    this.#expiries.delete(entry);
  }

  /** Whether another ban of an address has this policy. */
  #shared(first: number, policy: number, but: number): boolean {
    for (let entry = first; entry !== none; entry = this.#pool.next(entry))
      if (entry !== but && this.#pool.policy(entry) === policy) return true;
    return false;
  }

  #queue(entry: number): void {
    if (this.#pool.until(entry) !== Number.POSITIVE_INFINITY) this.#expiries.add(entry);
  }

  #unlink(entry: number, first: number): void {
    const next = this.#pool.next(entry);
    if (entry !== first) {
      let before = first;
      while (this.#pool.next(before) !== entry) before = this.#pool.next(before);
      this.#pool.setNext(before, next);
    } else if (next === none) this.#index.delete(entry);
    else this.#index.replace(entry, next);
  }

  #last(first: number): number {
    let last = first;
    for (let next = first; next !== none; next = this.#pool.next(next)) last = next;
    return last;
  }

  #ofJail(first: number, jail: string): number {
    const number = this.#jails.numberOf(jail);
    let entry = first;
    while (entry !== none && this.#pool.jail(entry) !== number) entry = this.#pool.next(entry);
    return entry;
  }

  #first(address: Address): number {
    readKey(address, key);
    return this.#index.find(key);
  }

  *#firsts(): Generator<number, void> {
    for (const entry of this.#pool.entries()) {
      this.#pool.readKey(entry, key);
      if (this.#index.find(key) === entry) yield entry;
    }
  }

  #ban(entry: number): Ban {
    this.#pool.readKey(entry, key);
    const { jail, policy, hits, count, forced, since, until } = this.#pool.read(entry);
    return {
      address: formatKey(key),
      jail: this.#jails.text(jail),
      since,
      until: endOf(until),
      hits,
      count,
      policy: this.#policies.text(policy),
      forced,
    };
  }

  #merged(): Desired {
    const size = (): number => this.#targets;
    const until = (target: Target): number => this.#untilOf(target);
    return {
      get size() {
        return size();
      },
      has: (target) => until(target) !== noTime,
      get: (target) => {
        const latest = until(target);
        return latest === noTime ? undefined : endOf(latest);
      },
      [Symbol.iterator]: () => this.#mergedOfAll(),
    };
  }

  /** Negatively infinite: nobody desires it. */
  #untilOf(target: Target): number {
    const { address, policy } = splitTarget(target);
    return policy === unenforced
      ? noTime
      : this.#latest(this.#first(address), this.#policies.numberOf(policy));
  }

  #latest(first: number, policy: number): number {
    let latest = noTime;
    for (let entry = first; entry !== none; entry = this.#pool.next(entry))
      if (this.#pool.policy(entry) === policy) latest = Math.max(latest, this.#pool.until(entry));
    return latest;
  }

  /** Whoever goes through it lets bans come and go meanwhile, so a target comes with the first entry that has it. */
  *#mergedOfAll(): Generator<readonly [Target, number | null], void> {
    for (const entry of this.#pool.entries()) {
      const policy = this.#pool.policy(entry);
      const text = this.#policies.text(policy);
      if (text === unenforced) continue;
      this.#pool.readKey(entry, key);
      const first = this.#index.find(key);
      if (this.#leastOf(first, policy) !== entry) continue;
      yield [targetOf(formatKey(key), text), endOf(this.#latest(first, policy))];
    }
  }

  /** Of an address, the ban of this policy with the lowest number. */
  #leastOf(first: number, policy: number): number {
    let least = none;
    for (let entry = first; entry !== none; entry = this.#pool.next(entry))
      if (this.#pool.policy(entry) === policy && (least === none || entry < least)) least = entry;
    return least;
  }
}

function endOf(until: number): number | null {
  return until === Number.POSITIVE_INFINITY ? null : until;
}

function change(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
