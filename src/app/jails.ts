import { sameRule } from '../config/labels.ts';
import type { Configuration, JailConfiguration } from '../config/schema.ts';
import { Jail } from '../core/jail.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** A jail and what it did since the start. */
export interface JailEntry {
  readonly configuration: JailConfiguration;
  readonly jail: Jail;
  hits: number;
  bans: number;
}

/** The jails that exist: the configured ones, and those that containers' labels ask for. */
export class Jails {
  readonly #entries = new Map<string, JailEntry>();
  readonly #ledger: Ledger;
  readonly #maxTracked: number;
  readonly #configured: ReadonlySet<string>;

  constructor(configuration: Pick<Configuration, 'jails' | 'maxTracked'>, ledger: Ledger) {
    this.#ledger = ledger;
    this.#maxTracked = configuration.maxTracked;
    this.#configured = new Set(configuration.jails.map(({ name }) => name));
    for (const jail of configuration.jails) if (jail.enabled) this.add(jail);
  }

  /**
   * The jail that judges for this configuration: the one of its name where that judges alike. No label
   * changes what others share: with limits of its own a container gets a jail of its own,
   * NAME@CONTAINER. A jail of one container alone is made anew, with its counts, when its labels change.
   */
  add(configuration: JailConfiguration): JailEntry {
    const { name, container } = configuration;
    const known = this.#entries.get(name);
    if (known === undefined) return this.#make(configuration);
    if (sameRule(known.configuration, configuration)) return known;
    const own = known.configuration.container.join() === container.join() && !this.#configured.has(name);
    return own
      ? this.#make(configuration)
      : this.add({ ...configuration, name: `${name}@${container.join()}` });
  }

  #make(configuration: JailConfiguration): JailEntry {
    const { name } = configuration;
    const known = this.#entries.get(name);
    const limits = { ...configuration, maxTracked: this.#maxTracked };
    const jail = new Jail(limits, this.#ledger.openWindows(name, limits));
    const entry: JailEntry = { configuration, jail, hits: known?.hits ?? 0, bans: known?.bans ?? 0 };
    this.#entries.set(name, entry);
    return entry;
  }

  get(name: string): JailEntry | undefined {
    return this.#entries.get(name);
  }

  all(): IterableIterator<JailEntry> {
    return this.#entries.values();
  }
}
