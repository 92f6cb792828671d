import type { Budget } from './budget.ts';
import type { Configuration } from './configuration.ts';
import type { Entry } from './ini.ts';
import { Interpolation, type Variables } from './interpolate.ts';
import type { Place } from './place.ts';
import { slipOf } from './slip.ts';
import { substituteTags, type Tags } from './tags.ts';
import type { TracedText } from './traced-text.ts';

const definitionSection = 'Definition';
const initSection = 'Init';

/**
 * A filter or an action for one jail: [Definition] with the values that the jail gives it in brackets, and below these
 * the values of [Init].
 */
export class Definition {
  readonly #configuration: Configuration;
  readonly #interpolation: Interpolation;
  readonly #budget: Budget;
  readonly #names: readonly string[];
  /** Values from the jail, and those of [Init] that it leaves; each of [Init] also as known/NAME. */
  readonly init: Map<string, TracedText>;
  #options = new Map<string, TracedText>();
  #variables: Variables = new Map();
  readonly #used = new Set<string>();
  /** fail2ban keeps what it once looked up, also where the jail's options would change it later. */
  readonly #found = new Map<string, TracedText | null>();

  /** `names` are the options that have a meaning of their own. */
  constructor(
    configuration: Configuration,
    given: ReadonlyMap<string, TracedText>,
    names: readonly string[],
    budget: Budget,
  ) {
    this.#configuration = configuration;
    this.#interpolation = new Interpolation(configuration, budget);
    this.#budget = budget;
    this.#names = names;
    this.init = new Map(given);
  }

  get defined(): boolean {
    return this.#interpolation.has(definitionSection);
  }

  /** Whether [Definition] itself sets an option. */
  sets(option: string): boolean {
    return this.#own(definitionSection).has(option);
  }

  /**
   * Reads the options, with the jail's as variables; an option that the jail sets itself is not read. `all` adds
   * those without a meaning of their own.
   * @throws BailiffError fail2ban-invalid
   */
  read(jail: Variables, all: boolean): void {
    const variables = new Map([...jail, ...this.init]);
    this.#variables = lowered(variables);
    this.#options = new Map();
    for (const name of this.#names) {
      const value = variables.has(name)
        ? null
        : this.#interpolation.get(definitionSection, name, this.#variables);
      if (value !== null) this.#options.set(name, value);
    }
    this.#readInit();
    if (all) this.#readFurther();
  }

  #readInit(): void {
    for (const option of this.#own(initSection).keys()) {
      const value = this.#interpolation.get(initSection, option);
      if (value === null) continue;
      this.init.set(`known/${option}`, value);
      if (!this.init.has(option)) this.init.set(option, value);
    }
  }

  #readFurther(): void {
    for (const option of this.#own(definitionSection).keys()) {
      if (this.#options.has(option)) continue;
      const value = this.#interpolation.get(definitionSection, option);
      if (value !== null) this.#options.set(option, value);
    }
  }

  /**
   * All values, with the tags replaced that have one. A value that differs by the address's family stays a tag.
   * @throws BailiffError fail2ban-invalid
   */
  combined(ignore: Iterable<string> = []): Tags {
    const values = new Map([...this.#options, ...this.init]);
    const kept = new Set(ignore);
    for (const name of values.keys()) {
      const conditional = /^([\p{L}\p{N}_]+)\?./u.exec(name)?.[1];
      if (conditional !== undefined) kept.add(conditional);
    }
    return substituteTags(values, {
      ignore: kept,
      lookup: (name) => this.#lookup(name),
      budget: this.#budget,
      onUse: (name) => this.#used.add(name),
    });
  }

  /** The options of [Definition] that nothing has referred to, and that are nearly named as one with a meaning. */
  misspelt(): { name: string; meant: string; at: Place }[] {
    return [...this.#own(definitionSection)].flatMap(([name, entry]) => {
      const read = this.#names.includes(name) || this.#configuration.used.has(entry) || this.#used.has(name);
      const meant = read ? null : slipOf(name, this.#names);
      return meant === null ? [] : [{ name, meant, at: entry.at }];
    });
  }

  #lookup(name: string): TracedText | null {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#elsewhere(name) ?? this.#interpolation.get(definitionSection, name, this.#variables);
    this.#found.set(name, found);
    return found;
  }

  /** `<known/option>` is the value before it was set again, or else the present one; `<section/option>` another's. */
  #elsewhere(name: string): TracedText | null {
    const [, section, option] = /^([\p{L}\p{N}_-]+)\/(\S+)$/u.exec(name) ?? [];
    if (section === undefined || option === undefined) return null;
    const lower = section.toLowerCase();
    if (lower === 'known') {
      const replaced = this.#interpolation.get(`KNOWN/${definitionSection}`, option);
      return replaced ?? this.#interpolation.get(definitionSection, option);
    }
    return this.#interpolation.get(lower === 'default' ? 'DEFAULT' : section, option);
  }

  #own(section: string): ReadonlyMap<string, Entry> {
    return this.#configuration.section(section)?.entries ?? new Map();
  }
}

function lowered(variables: Variables): Variables {
  return new Map([...variables].map(([name, value]) => [name.toLowerCase(), value]));
}
