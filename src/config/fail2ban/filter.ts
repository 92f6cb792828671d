import { quote } from '../show.ts';
import type { Budget } from './budget.ts';
import { Definition } from './definition.ts';
import type { Variables } from './interpolate.ts';
import { parseReference } from './option-list.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import { shellWords } from './shell-words.ts';
import type { Sources } from './sources.ts';
import { type SourcedText, TracedText } from './traced-text.ts';
import type { Fail2banFilter, Fail2banJournalMatch, OptionTexts } from './types.ts';
import { integerOf } from './values.ts';

/** The options of a filter's [Definition] that have a meaning, in the order in which fail2ban reads them. */
export const filterOptions = [
  'usedns',
  'prefregex',
  'ignoreregex',
  'failregex',
  'maxlines',
  'datepattern',
  'journalmatch',
] as const;

type Values = ReadonlyMap<string, TracedText | null>;

/** A filter on its way: what the jail says of itself may refer to it, and then counts beside it. */
export class FilterReading {
  readonly #name: string;
  readonly #file: string;
  readonly #given: OptionTexts;
  readonly definition: Definition;
  #options: OptionTexts = new Map();

  /**
   * @param reference `name[option=value]` @param backend decides what the filter takes the lines for
   * @throws BailiffError fail2ban-invalid
   */
  constructor(reference: TracedText, backend: string, sources: Sources, budget: Budget) {
    const { name, options } = parseReference(reference);
    const configuration = sources.require('filter.d', name, reference.at);
    this.#name = name;
    this.#file = sources.files.fileOf(name.startsWith('/') ? name : `filter.d/${name}`);
    this.definition = new Definition(configuration, options, filterOptions, budget);
    // The filter's own word counts, also an empty one that the jail gives it.
    if (!options.get('logtype')?.text && !this.definition.sets('logtype')) {
      const type = backend.startsWith('systemd') ? 'journal' : 'file';
      this.definition.init.set('logtype', TracedText.of(type, reference.at));
    }
    this.#given = textsOf(this.definition.init);
  }

  /** Its first file. */
  get at(): Place {
    return { file: this.#file, line: 1 };
  }

  /** Its values before the jail's own options count: what the jail may refer to as `%(known/…)s`. */
  known(jail: Variables): Values {
    this.definition.read(jail, true);
    const values = this.definition.combined();
    this.#options = textsOf(values);
    return values;
  }

  /**
   * The filter as it judges, with the expressions that the jail adds; `remark` is told of what does not count.
   * @throws BailiffError fail2ban-invalid
   */
  result(jail: Values, remark: (text: string, at: Place) => void): Fail2banFilter {
    this.definition.read(jail, false);
    const own = this.definition.combined();
    const both = (option: string): SourcedText[] =>
      [own, jail].flatMap((values) => linesOf(values.get(option)));
    const first = (...values: (TracedText | null | undefined)[]): TracedText | null =>
      values.find((value) => value !== null && value !== undefined) ?? null;
    // fail2ban sends a jail's value first for these three, and last for the pattern of dates.
    const ownFirst = (option: string): TracedText | null => first(own.get(option), jail.get(option));
    const maxLines = ownFirst('maxlines');
    if (!this.definition.defined) remark('the filter has no [Definition]', this.at);
    return {
      name: this.#name,
      file: this.#file,
      given: this.#given,
      failRegex: both('failregex'),
      ignoreRegex: both('ignoreregex'),
      prefRegex: ownFirst('prefregex')?.sourced() ?? null,
      datePattern: first(jail.get('datepattern'), own.get('datepattern'))?.sourced() ?? null,
      maxLines: maxLines === null ? null : linesIn(maxLines, remark),
      useDns: ownFirst('usedns')?.text.toLowerCase() ?? null,
      journalMatch: both('journalmatch').map(journalMatchOf),
      options: this.#options,
    };
  }
}

function linesOf(value: TracedText | null | undefined): SourcedText[] {
  return value?.lines().filter(({ text }) => text !== '') ?? [];
}

/** What is no number is passed over, as fail2ban does. */
function linesIn(value: TracedText, remark: (text: string, at: Place) => void): number | null {
  const number = integerOf(value.text);
  if (number === null)
    remark(`maxlines: ${quote(value.text)} is not a whole number, and does not count`, value.at);
  return number;
}

function journalMatchOf({ text, at }: SourcedText): Fail2banJournalMatch {
  const words = shellWords(text);
  if (words !== null) return { words, at };
  throw problemAt(at, `journalmatch: ${quote(text)} does not close a quote`, 'Add the missing quote.');
}

export function textsOf(values: ReadonlyMap<string, TracedText | null>): OptionTexts {
  return new Map([...values].flatMap(([name, value]) => (value === null ? [] : [[name, value.sourced()]])));
}
