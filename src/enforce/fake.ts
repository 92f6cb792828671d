import { canonicalAddress } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import { type Policy, type PolicyRule, plainPolicy } from '../core/policy.ts';
import type { Address, Clock } from '../core/types.ts';
import type { Backend, Change, Element, Hook, Probe } from './backend.ts';
import { MemorySet } from './memory-set.ts';

type Verb = 'install' | 'list' | 'count' | 'apply';
const allVerbs: readonly Verb[] = ['install', 'list', 'count', 'apply'];

/**
 * A packet filter for tests: it keeps elements and lets them end as the kernel does, asks for canonical
 * addresses as a real one does, and fails, stalls or loses what it holds when a test says so.
 */
export class FakeBackend implements Backend {
  readonly name: string;
  readonly strength: Backend['strength'];
  /** Each batch that was acknowledged, in order. */
  readonly batches: (readonly Change[])[] = [];
  installed = false;
  provable?: string;
  /** The policies last installed. */
  policies: readonly PolicyRule[] = [];
  /** The hooks last asked to be left alone. */
  yielded: ReadonlySet<string> = new Set();
  closed = false;
  /** What `install` answers; a test may report a broken hook. */
  hooks: readonly Hook[] = [{ name: 'INPUT', family: 4, ok: true }];
  /** How often each fails from now on. */
  readonly failures: Record<Verb, number> = { install: 0, list: 0, count: 0, apply: 0 };
  /** How often each was called. */
  readonly calls: Record<Verb, number> = { install: 0, list: 0, count: 0, apply: 0 };
  readonly #set: MemorySet;
  readonly #gates: Partial<Record<Verb, Promise<void>>> = {};

  constructor(clock: Clock, name = 'fake', strength: Backend['strength'] = 'full') {
    this.name = name;
    this.strength = strength;
    this.#set = new MemorySet(clock);
  }

  /** Whether a packet from this address is dropped, under one policy. */
  drops(address: Address, policy: Policy = plainPolicy): boolean {
    return this.#set.elements().some((element) => element.address === address && element.policy === policy);
  }

  /** Loses everything, as after somebody's flush. */
  flush(): void {
    this.#set.clear();
  }

  /** Puts an element in behind Bailiff's back. */
  plant(address: Address, remaining: number): void {
    this.#set.change({ kind: 'add', address, policy: plainPolicy, remaining });
  }

  /** Holds every answer, or those of one kind, back until the returned function is called. */
  stall(...verbs: readonly Verb[]): () => void {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const verb of verbs.length === 0 ? allVerbs : verbs) this.#gates[verb] = gate;
    return release;
  }

  async probe(): Promise<Probe> {
    return { usable: true, detail: 'a fake' };
  }

  async install(
    policies: readonly PolicyRule[],
    yielded: ReadonlySet<string> = new Set(),
  ): Promise<readonly Hook[]> {
    await this.#answer('install');
    this.installed = true;
    this.policies = policies;
    this.yielded = yielded;
    return this.hooks;
  }

  async list(): Promise<readonly Element[]> {
    const elements = this.#set.elements();
    await this.#answer('list');
    return elements;
  }

  async count(): Promise<number> {
    const { length } = this.#set.elements();
    await this.#answer('count');
    return length;
  }

  async apply(changes: readonly Change[]): Promise<void> {
    for (const { address, policy } of changes) {
      if (canonicalAddress(address) !== address) throw new BailiffError('address-invalid', address);
      if (!this.policies.some((rule) => rule.policy === policy)) {
        throw new BailiffError('enforcement-failed', `there is no set for the policy ${policy}`);
      }
    }
    await this.#answer('apply');
    this.batches.push(changes);
    for (const change of changes) this.#set.change(change);
  }

  async uninstall(): Promise<boolean> {
    const stood = this.installed;
    this.installed = false;
    this.#set.clear();
    return stood;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async #answer(verb: Verb): Promise<void> {
    this.calls[verb] += 1;
    await this.#gates[verb];
    if (this.failures[verb] === 0) return;
    this.failures[verb] -= 1;
    throw new BailiffError('enforcement-failed', `the fake was told to fail to ${verb}`);
  }
}
