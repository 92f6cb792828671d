import { quote } from '../show.ts';
import type { Budget } from './budget.ts';
import type { Configuration } from './configuration.ts';
import { defaultSection, type Entry } from './ini.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import { TracedText } from './traced-text.ts';

/** Options beside those of the files, by their names in lower case; null is one that has no value. */
export type Variables = ReadonlyMap<string, TracedText | null>;

const none: Variables = new Map();

/** How many references may lead from one to the next (Python's configparser, MAX_INTERPOLATION_DEPTH). */
const deepest = 10;

/** Reads options of a configuration and puts in what they refer to. */
export class Interpolation {
  readonly #configuration: Configuration;
  readonly #budget: Budget;

  constructor(configuration: Configuration, budget: Budget) {
    this.#configuration = configuration;
    this.#budget = budget;
  }

  /**
   * The value of an option with every `%(…)s` in it; null where neither the section nor DEFAULT has it, or where
   * there is no such section.
   * @throws BailiffError fail2ban-invalid
   */
  get(section: string, option: string, variables: Variables = none): TracedText | null {
    if (!this.has(section)) return null;
    const name = option.toLowerCase();
    const given = variables.get(name);
    if (given !== undefined) return given === null ? null : this.#expand({ section, name, variables }, given);
    const entry = this.#own(section, name);
    if (entry === undefined) return null;
    return this.#expand({ section, name, variables }, entry.value);
  }

  has(section: string): boolean {
    return section === defaultSection || this.#configuration.section(section) !== undefined;
  }

  #own(section: string, name: string): Entry | undefined {
    return this.#configuration.section(section)?.entries.get(name) ?? this.#configuration.defaults.get(name);
  }

  #expand(context: Context, value: TracedText, depth = 1): TracedText {
    const { text } = value;
    if (!text.includes('%')) return value;
    if (depth > deepest) throw tooDeep(context.name, value.at);
    const parts: TracedText[] = [];
    let from = 0;
    for (let at = referenceStart(text, 0); at >= 0; at = referenceStart(text, from)) {
      parts.push(value.slice(from, at).unescaped());
      const end = referenceEnd(text, at);
      if (end === null) throw stray(context.name, text.slice(at), value.slice(at).at);
      const found = this.#resolve(context, text.slice(at + 2, end - 2), value.slice(at).at);
      const made = this.#expand(context, found, depth + 1);
      this.#budget.spend(made, found.at);
      parts.push(made.nested());
      from = end;
    }
    parts.push(value.slice(from).unescaped());
    const whole = TracedText.join(parts);
    this.#budget.spend(whole, value.at);
    return whole;
  }

  #resolve(context: Context, reference: string, at: Place): TracedText {
    const name = reference.toLowerCase();
    if (name === '__name__') return TracedText.of(context.section, at);
    const given = context.variables.get(name);
    if (given !== undefined && given !== null) return given;
    // A variable without a value hides what the files say.
    const entry =
      given === null ? undefined : (this.#own(context.section, name) ?? this.#elsewhere(context, reference));
    if (entry === undefined) throw missing(context, reference, at);
    this.#configuration.used.add(entry);
    return entry.value;
  }

  /** `section/option`, `default/option` and `known/option`; each falls back to DEFAULT. Names in capitals are not found. */
  #elsewhere(context: Context, reference: string): Entry | undefined {
    const [, section, option] = /^([\p{L}\p{N}_-]+)\/(.+)$/su.exec(reference) ?? [];
    if (section === undefined || option === undefined || reference !== reference.toLowerCase())
      return undefined;
    const entries = this.#entriesOf(context, section);
    return entries === undefined
      ? undefined
      : (entries.get(option) ?? this.#configuration.defaults.get(option));
  }

  #entriesOf(context: Context, section: string): ReadonlyMap<string, Entry> | undefined {
    if (section === 'default') return this.#configuration.defaults;
    if (section === 'known')
      return this.#configuration.known(context.section) ?? this.#configuration.defaults;
    return this.#configuration.section(section)?.entries;
  }
}

/** What is being read. */
interface Context {
  readonly section: string;
  readonly name: string;
  readonly variables: Variables;
}

/** The next percent sign from `from` on that is not written twice; -1: there is none. */
function referenceStart(text: string, from: number): number {
  let at = text.indexOf('%', from);
  while (at >= 0 && text[at + 1] === '%') at = text.indexOf('%', at + 2);
  return at;
}

/** The end of `%(name)s` at `at`; null where something else stands there. */
function referenceEnd(text: string, at: number): number | null {
  if (text[at + 1] !== '(') return null;
  const close = text.indexOf(')', at);
  return close > at + 2 && text[close + 1] === 's' ? close + 2 : null;
}

function tooDeep(option: string, at: Place): Error {
  const message = `${quote(option)} refers to itself, or through more than ${deepest} others`;
  return problemAt(at, message, 'Break the circle, or write the value out.');
}

function stray(option: string, rest: string, at: Place): Error {
  const message = `${quote(option)} holds ${quote(rest.slice(0, 20))}, which is no reference`;
  return problemAt(at, message, 'Write %(name)s for a reference and %% for a percent sign.');
}

function missing(context: Context, reference: string, at: Place): Error {
  const message = `${quote(context.name)} refers to ${quote(reference)}, which does not exist`;
  return problemAt(at, message, `Set it in [${context.section.slice(0, 40)}] or [${defaultSection}].`);
}
