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
  readonly #differs: (name: string) => void;

  /** `differs` is called for a label whose jail exists with other limits: those stand. */
  constructor(
    configuration: Pick<Configuration, 'jails' | 'maxTracked'>,
    ledger: Ledger,
    differs: (name: string) => void,
  ) {
    this.#differs = differs;
    this.#ledger = ledger;
    this.#maxTracked = configuration.maxTracked;
    for (const jail of configuration.jails) if (jail.enabled) this.add(jail);
  }

  /** The jail of this name, made from the configuration where it is not there yet. */
  add(configuration: JailConfiguration): JailEntry {
    const known = this.#entries.get(configuration.name);
    if (known !== undefined) {
      if (!sameRule(known.configuration, configuration)) this.#differs(configuration.name);
      return known;
    }
    const limits = { ...configuration, maxTracked: this.#maxTracked };
    const jail = new Jail(limits, this.#ledger.openWindows(configuration.name, limits));
    const entry: JailEntry = { configuration, jail, hits: 0, bans: 0 };
    this.#entries.set(configuration.name, entry);
    return entry;
  }

  get(name: string): JailEntry | undefined {
    return this.#entries.get(name);
  }

  all(): IterableIterator<JailEntry> {
    return this.#entries.values();
  }
}

const rule = ({ filter, maxretry, findtime, bantime }: JailConfiguration) => [
  filter,
  maxretry,
  findtime,
  bantime,
];

function sameRule(a: JailConfiguration, b: JailConfiguration): boolean {
  return rule(a).every((value, index) => value === rule(b)[index]);
}
