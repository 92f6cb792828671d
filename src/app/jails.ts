import { sameRule } from '../config/labels.ts';
import type { Configuration, JailConfiguration } from '../config/schema.ts';
import { Jail } from '../core/jail.ts';
import { type Policy, policyOf, type Target, targetOf } from '../core/policy.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** A jail and what it did since the start. */
export interface JailEntry {
  readonly configuration: JailConfiguration;
  readonly jail: Jail;
  /** How its bans are enforced. */
  readonly policy: Policy;
  hits: number;
  bans: number;
}

/** The jails that exist: the configured ones, and those that containers' labels ask for. */
export class Jails {
  readonly #entries = new Map<string, JailEntry>();
  readonly #ledger: Ledger;
  readonly #maxTracked: number;
  #moved: (target: Target) => void = () => undefined;

  /** `moved` is told of each target that changes from now on because a jail's policy becomes another. */
  constructor(
    configuration: Pick<Configuration, 'jails' | 'maxTracked'>,
    ledger: Ledger,
    moved: (target: Target) => void = () => undefined,
  ) {
    this.#ledger = ledger;
    this.#maxTracked = configuration.maxTracked;
    for (const jail of configuration.jails) if (jail.enabled) this.add(jail);
    this.#moved = moved;
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
    const jail = new Jail(limits, this.#ledger.openWindows(name, limits));
    const policy = policyOf(configuration.action, configuration.ports, name);
    const entry: JailEntry = { configuration, jail, policy, hits: known?.hits ?? 0, bans: known?.bans ?? 0 };
    this.#entries.set(name, entry);
    for (const { before, after } of this.#ledger.movePolicy(name, policy)) {
      this.#moved(targetOf(before.address, before.policy));
      this.#moved(targetOf(after.address, after.policy));
    }
    return entry;
  }

  get(name: string): JailEntry | undefined {
    return this.#entries.get(name);
  }

  all(): IterableIterator<JailEntry> {
    return this.#entries.values();
  }
}
