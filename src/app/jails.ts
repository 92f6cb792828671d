import { isDeepStrictEqual } from 'node:util';
import { sameRule } from '../config/labels.ts';
import type { Configuration, JailConfiguration } from '../config/schema.ts';
import { rangeAround } from '../core/address.ts';
import type { AllowEntry } from '../core/allowlist.ts';
import type { Counted } from '../core/counted.ts';
import { ignoredBy, Jail, type JailLimits } from '../core/jail.ts';
import { isOfLabels, meansBansOf } from '../core/label-jail.ts';
import { type Policy, policyOf, type Target, targetOf } from '../core/policy.ts';
import type { Address } from '../core/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Ignores } from './fail2ban-actions.ts';
import type { IgnoreLists } from './ignore-lists.ts';

/** A jail and what it did since the start. */
export interface JailEntry {
  configuration: JailConfiguration;
  jail: Jail;
  /** How its bans are enforced. */
  policy: Policy;
  /** Asks the owner's command whether an attempt is to be passed over; null: there is none. Never rejects. */
  ignores: Ignores | null;
  hits: number;
  bans: number;
}

export interface JailsParts {
  /** Told of each target that changes, once all are made, because a jail's policy becomes another. */
  readonly moved?: (target: Target) => void;
  readonly ignoreLists?: IgnoreLists;
  /** A jail of this name is there from now on, and there no more. */
  readonly came?: (name: string) => void;
  readonly went?: (name: string) => void;
  /** What asks a jail's command whom to pass over; null: it has none. */
  readonly ignores?: (jail: string) => Ignores | null;
}

/** The jails that exist: the configured ones, and those that containers' labels ask for. */
export class Jails {
  readonly #entries = new Map<string, JailEntry>();
  readonly #ledger: Ledger;
  #maxTracked: number;
  /** Of those that the configuration has. */
  #configured: ReadonlySet<string> = new Set();
  /** What labels have asked for since the configuration was read. */
  #labelled = new WeakSet<JailConfiguration>();
  readonly #parts: JailsParts;
  #moved: (target: Target) => void = () => undefined;

  constructor(
    configuration: Pick<Configuration, 'jails' | 'maxTracked'>,
    ledger: Ledger,
    parts: JailsParts = {},
  ) {
    this.#parts = parts;
    this.#ledger = ledger;
    this.#maxTracked = configuration.maxTracked;
    this.#take(configuration.jails);
    this.#moved = parts.moved ?? this.#moved;
  }

  /**
   * The configuration is another one. Jails that it has no more are gone; what was counted for them stays in the
   * ledger as long as it would count, and their bans until their time is over. `again`: made anew though their
   * options are the same.
   */
  reconfigure(
    { jails, maxTracked }: Pick<Configuration, 'jails' | 'maxTracked'>,
    again: ReadonlySet<string> = new Set(),
  ): void {
    const before = this.#configured;
    const anew = maxTracked !== this.#maxTracked;
    this.#maxTracked = maxTracked;
    this.#labelled = new WeakSet();
    this.#take(jails, (name) => anew || again.has(name));
    for (const name of before) if (!this.#configured.has(name)) this.#remove(name);
    for (const [name, entry] of this.#entries) entry.ignores = this.#parts.ignores?.(name) ?? null;
  }

  #take(jails: readonly JailConfiguration[], again: (name: string) => boolean = () => false): void {
    const enabled = jails.filter((jail) => jail.enabled);
    this.#configured = new Set(enabled.map(({ name }) => name));
    for (const jail of enabled) {
      const known = this.#entries.get(jail.name);
      if (known === undefined || again(jail.name) || !isDeepStrictEqual(known.configuration, jail))
        this.#make(jail);
    }
  }

  /** Notes what the labels of a container ask for. */
  labelled(jails: readonly JailConfiguration[]): void {
    for (const jail of jails) this.#labelled.add(jail);
  }

  /**
   * The jail for which a source asks, which may have been told of it before the configuration was read again; null:
   * there is none any more.
   */
  wanted(configuration: JailConfiguration): JailEntry | null {
    const { name } = configuration;
    if (!this.#configured.has(name) && this.#labelled.has(configuration)) return this.add(configuration);
    return this.#entries.get(name) ?? null;
  }

  /**
   * The jail of this name, made where it is not there yet, and made anew, with its counts, where its rule
   * has changed. Only NAME@CONTAINER can change so, with the labels of its one container: the rule of a
   * plain name comes from the configuration alone (config/labels.ts).
   */
  add(configuration: JailConfiguration): JailEntry {
    const known = this.#entries.get(configuration.name);
    const same = known !== undefined && sameRule(known.configuration, configuration);
    return same ? known : this.#make(configuration);
  }

  #make(configuration: JailConfiguration): JailEntry {
    const { name } = configuration;
    const known = this.#entries.get(name);
    const limits = { ...configuration, maxTracked: trackedBy(configuration, this.#maxTracked) };
    const allow = this.#parts.ignoreLists?.of(configuration.ignoreip, ignoredBy(name));
    const counts = known !== undefined && countsAlike(known.jail.limits, limits);
    const windows = counts ? known.jail.windows : this.#ledger.openWindows(name, limits);
    // A range holds those whom other jails were told to spare.
    const others = configuration.ranges === null ? null : () => this.#spared();
    const jail = new Jail(limits, windows, allow, others);
    const policy = policyOf(configuration.action, configuration.ports, name);
    const ignores = this.#parts.ignores?.(name) ?? null;
    const { hits = 0, bans = 0 } = known ?? {};
    // Sources hold the entry.
    const entry = Object.assign(known ?? {}, { configuration, jail, policy, ignores, hits, bans });
    this.#entries.set(name, entry);
    if (known === undefined) this.#parts.came?.(name);
    for (const { before, after } of this.#ledger.movePolicy(name, policy)) {
      this.#moved(targetOf(before.address, before.policy));
      this.#moved(targetOf(after.address, after.policy));
    }
    return entry;
  }

  /** Whom any jail spares. */
  #spared(): (readonly AllowEntry[])[] {
    return Array.from(this.#entries.values(), ({ jail }) => jail.own);
  }

  /** Why no range can be banned, or null. */
  get unaskable(): string | null {
    for (const { configuration, ignores } of this.#entries.values()) {
      if (ignores === null && this.#parts.ignoreLists?.asks(configuration.ignoreip) !== true) continue;
      return `whom an ignore list of jail ${configuration.name} means by a domain or a program can be asked of single addresses alone`;
    }
    return null;
  }

  /** How long bans that are over count for those that follow, in seconds, at most. No label has all of them kept for ever. */
  get longestForget(): number {
    const own = [...this.#entries].filter(([name]) => !isOfLabels(name));
    return Math.max(0, ...own.map(([, { jail }]) => jail.limits.increment.forget));
  }

  /** Somebody was let in by hand, or must not be banned: what was counted of ranges around him counts no more. */
  pardon(address: Address): void {
    for (const { configuration, jail } of this.#entries.values()) {
      const range = configuration.ranges === null ? null : rangeAround(address, configuration.ranges);
      if (range !== null) this.#ledger.forget(jail.limits.name, range);
    }
  }

  /** Whether the configuration has it. */
  isConfigured(name: string): boolean {
    return this.#configured.has(name);
  }

  /** It is there no more, for its containers are gone. What it counted stays as long as it would count. */
  drop(name: string): void {
    if (!this.#configured.has(name) && this.#remove(name)) this.#ledger.closeWindows(name);
  }

  #remove(name: string): boolean {
    const was = this.#entries.delete(name);
    if (was) this.#parts.went?.(name);
    return was;
  }

  /** The jails that count the bans of this one. What they ban is counted by nobody: it would go round. */
  counting(name: string): readonly JailEntry[] {
    if (this.#entries.get(name)?.configuration.bans.length !== 0) return [];
    return [...this.#entries.values()].filter(({ configuration }) => meansBansOf(configuration.bans, name));
  }

  get(name: string): JailEntry | undefined {
    return this.#entries.get(name);
  }

  all(): IterableIterator<JailEntry> {
    return this.#entries.values();
  }
}

/** Attempts of one address for which a jail of labels has room as for one alone. */
const usualRetries = 50;

/**
 * Whoever may start containers may start many, each with a log full of addresses: jails of labels, of which there are 500 at
 * most, have a tenth of the room of one of the owner's each, and less where they ask for many attempts of each address.
 */
function trackedBy({ name, maxretry }: JailConfiguration, maxTracked: number): number {
  if (!isOfLabels(name)) return maxTracked;
  return Math.ceil(maxTracked / 10 / Math.max(1, maxretry / usualRetries));
}

/**
 * Bans of a jail that may stand at a time: a container that writes everybody's address into its log must fill neither the
 * kernel's sets nor the memory.
 */
export function mostBansOf({ name, maxTracked }: JailLimits): number {
  return isOfLabels(name) ? 10 * maxTracked : Number.POSITIVE_INFINITY;
}

/**
 * As how many attempts one counts of somebody who was banned so often. Of a range it is one: in it there are others, too,
 * whom one address that was banned again must not shut out.
 */
export function weightOf({ configuration, jail }: JailEntry, bansBefore: number): number {
  return configuration.ranges === null ? jail.times.attemptsAfter(bansBefore, jail.limits.maxretry) : 1;
}

export function countedBy(entry: JailEntry | undefined): Counted {
  const { bans = [], ranges = null } = entry?.configuration ?? {};
  if (ranges !== null) return 'addresses';
  return bans.length > 0 ? 'bans' : 'attempts';
}

/** Whether windows under these limits are the same. */
function countsAlike(a: JailLimits, b: JailLimits): boolean {
  return a.maxretry === b.maxretry && a.findtime === b.findtime && a.maxTracked === b.maxTracked;
}
