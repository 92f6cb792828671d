import { BailiffError } from '../../core/errors.ts';
import { quote } from '../show.ts';
import { readAction } from './action.ts';
import { Budget } from './budget.ts';
import type { Configuration } from './configuration.ts';
import type { Definition } from './definition.ts';
import { FilterReading } from './filter.ts';
import { Interpolation } from './interpolate.ts';
import {
  earlyOptions,
  furtherOptions,
  jailOptions,
  type OptionReading,
  readOptions,
} from './jail-options.ts';
import { jailOf } from './jail-values.ts';
import { splitReferences } from './option-list.ts';
import type { Place } from './place.ts';
import { problemAt, type Remark } from './problem.ts';
import { strip } from './python-text.ts';
import { slipOf } from './slip.ts';
import type { Sources } from './sources.ts';
import type { TracedText } from './traced-text.ts';
import type { Fail2banAction, Fail2banJail } from './types.ts';

/** What a jail was read to: itself, or null where it is not enabled. */
export interface JailReading {
  readonly jail: Fail2banJail | null;
  readonly remarks: readonly Remark[];
}

/**
 * Reads one jail with its filter and its actions.
 * @throws BailiffError fail2ban-invalid, fail2ban-syntax: the first thing for which it cannot be used
 */
export function readJail(name: string, configuration: Configuration, sources: Sources): JailReading {
  return new JailReader(name, configuration, sources).read();
}

class JailReader {
  readonly #name: string;
  readonly #configuration: Configuration;
  readonly #sources: Sources;
  readonly #budget = new Budget();
  readonly #interpolation: Interpolation;
  readonly #at: Place;
  readonly #remarks: Remark[] = [];

  constructor(name: string, configuration: Configuration, sources: Sources) {
    this.#name = name;
    this.#configuration = configuration;
    this.#sources = sources;
    this.#interpolation = new Interpolation(configuration, this.#budget);
    this.#at = configuration.section(name)?.at ?? { file: '', line: 0 };
  }

  read(): JailReading {
    const { values: early, unsure } = this.#options(earlyOptions);
    if (early.get('enabled')?.text !== 'True') {
      this.#remarkUnsure(unsure);
      return { jail: null, remarks: this.#remarks };
    }
    if (this.#configuration.flawed.has(this.#name)) {
      const remedy = 'Correct the lines of it that cannot be read.';
      throw problemAt(this.#at, `[${this.#name.slice(0, 40)}] has errors`, remedy);
    }
    const filter = this.#filter(early);
    const reading = this.#options(jailOptions);
    this.#remarkUnsure(reading.unsure);
    const options = new Map(reading.values);
    const remark = (text: string, at: Place): void => this.#remark(text, at);
    const judged = filter?.result(options, remark) ?? null;
    const actions = this.#actions(options);
    if (filter !== null) this.#remarkMisspelt(filter.definition);
    for (const [option, value] of this.#furtherOptions()) options.set(option, value);
    const { lost } = this.#configuration;
    const jail = jailOf({ name: this.#name, at: this.#at, options, filter: judged, actions, lost, remark });
    this.#remarkUnused(options);
    return { jail, remarks: this.#remarks };
  }

  #options(wanted: Parameters<typeof readOptions>[2]): OptionReading {
    return readOptions(this.#name, this.#at, wanted, this.#interpolation);
  }

  #remarkUnsure(unsure: OptionReading['unsure']): void {
    for (const { name, value } of unsure) {
      this.#remark(`${name}: ${quote(value.text)} is neither true nor false, and counts as false`, value.at);
    }
  }

  /** The filter; from here on the jail's options can refer to its values. */
  #filter(early: ReadonlyMap<string, TracedText>): FilterReading | null {
    const reference = early.get('filter');
    if (reference === undefined || reference.text === '') {
      this.#remark('the jail has no filter, so nothing is found', this.#at);
      return null;
    }
    const backend = early.get('backend')?.text ?? '';
    const filter = new FilterReading(reference, backend, this.#sources, this.#budget);
    for (const [option, value] of filter.known(early)) {
      if (option.startsWith('known/') || value === null) continue;
      this.#configuration.set(this.#name, `known/${option}`, { at: value.at, value });
    }
    return filter;
  }

  #actions(options: ReadonlyMap<string, TracedText>): Fail2banAction[] {
    const list = options.get('action');
    const references = list === undefined ? [] : splitReferences(list);
    if (references.length === 0) this.#remark('the jail has no action, so nobody is banned', this.#at);
    const jail = { name: this.#name, options };
    return references.map((reference) => {
      const { action, definition } = readAction(trimEnd(reference), jail, this.#sources, this.#budget);
      if (definition !== null) this.#remarkMisspelt(definition);
      if (action.kind === 'python')
        this.#remark(`${quote(action.name)} needs fail2ban itself, and does nothing`, action.at);
      return action;
    });
  }

  /** fail2ban reads these only where another option refers to them, so that an error in them stops no jail. */
  #furtherOptions(): Map<string, TracedText> {
    const values = new Map<string, TracedText>();
    for (const option of furtherOptions) {
      try {
        const value = this.#interpolation.get(this.#name, option);
        if (value !== null) values.set(option, value);
      } catch (error) {
        if (!(error instanceof BailiffError)) throw error;
        this.#remark(`${option} is left out: ${error.message}`, this.#at);
      }
    }
    return values;
  }

  /** Options in the jail's own section that nothing reads. */
  #remarkUnused(options: ReadonlyMap<string, unknown>): void {
    const known = [...options.keys(), ...jailOptions.map(({ name }) => name), ...furtherOptions];
    for (const [name, entry] of this.#configuration.section(this.#name)?.entries ?? []) {
      if (known.includes(name) || name.startsWith('known/') || this.#configuration.used.has(entry)) continue;
      const meant = slipOf(name, known);
      this.#remark(`nothing reads ${quote(name)}${meant === null ? '' : `; is "${meant}" meant?`}`, entry.at);
    }
  }

  /** A file's options are read by other files too, so only what looks like a slip is told. */
  #remarkMisspelt(definition: Definition): void {
    for (const { name, meant, at } of definition.misspelt()) {
      this.#remark(`nothing reads ${quote(name)}; is "${meant}" meant?`, at);
    }
  }

  #remark(text: string, at: Place): void {
    this.#remarks.push({ at, jail: this.#name, text });
  }
}

function trimEnd(value: TracedText): TracedText {
  return value.slice(0, strip(value.text).length);
}
