import { sameRule } from '../config/labels.ts';
import type { Configuration, JailConfiguration } from '../config/schema.ts';
import { ignoredBy, Jail } from '../core/jail.ts';
import { type Policy, policyOf, type Target, targetOf } from '../core/policy.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Ignores } from './fail2ban-actions.ts';
import type { IgnoreLists } from './ignore-lists.ts';

/** A jail and what it did since the start. */
export interface JailEntry {
  readonly configuration: JailConfiguration;
  readonly jail: Jail;
  /** How its bans are enforced. */
  readonly policy: Policy;
  /** Asks the owner's command whether an attempt is to be passed over; null: there is none. Never rejects. */
  readonly ignores: Ignores | null;
  hits: number;
  bans: number;
}

export interface JailsParts {
  /** Told of each target that changes, once all are made, because a jail's policy becomes another. */
  readonly moved?: (target: Target) => void;
  readonly ignoreLists?: IgnoreLists;
  /** What asks a jail's command whom to pass over; null: it has none. */
  readonly ignores?: (jail: string) => Ignores | null;
}

/** The jails that exist: the configured ones, and those that containers' labels ask for. */
export class Jails {
  readonly #entries = new Map<string, JailEntry>();
  readonly #ledger: Ledger;
  readonly #maxTracked: number;
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
    for (const jail of configuration.jails) if (jail.enabled) this.add(jail);
    this.#moved = parts.moved ?? this.#moved;
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
    const limits = { ...configuration, maxTracked: this.#maxTracked };
    const allow = this.#parts.ignoreLists?.of(configuration.ignoreip, ignoredBy(name));
    const jail = new Jail(limits, this.#ledger.openWindows(name, limits), allow);
    const policy = policyOf(configuration.action, configuration.ports, name);
    const ignores = this.#parts.ignores?.(name) ?? null;
    const { hits = 0, bans = 0 } = known ?? {};
    const entry: JailEntry = { configuration, jail, policy, ignores, hits, bans };
    this.#entries.set(name, entry);
    for (const { before, after } of this.#ledger.movePolicy(name, policy)) {
      this.#moved(targetOf(before.address, before.policy));
      this.#moved(targetOf(after.address, after.policy));
    }
    return entry;
  }

  /** The jails that count the bans of this one. What they ban is counted by nobody: it would go round. */
  counting(name: string): readonly JailEntry[] {
    if (this.#entries.get(name)?.configuration.bans.length !== 0) return [];
    return [...this.#entries.values()].filter(({ configuration }) =>
      configuration.bans.some((pattern) => matchesWildcard(pattern, name)),
    );
  }

  get(name: string): JailEntry | undefined {
    return this.#entries.get(name);
  }

  all(): IterableIterator<JailEntry> {
    return this.#entries.values();
  }
}
