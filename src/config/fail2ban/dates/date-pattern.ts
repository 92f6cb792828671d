import type { DateTemplate } from '../../../core/date-template.ts';
import { BailiffError } from '../../../core/errors.ts';
import { LocatedText } from '../expressions/located-text.ts';
import { stripped } from './bounds.ts';
import { defaultDates } from './default-dates.ts';
import { atLineStart, defaultTemplates, keyOf, readTemplate } from './named-template.ts';

/** By default 33 are tried. */
const mostLines = 100;
const longestLine = 4_096;

const datePlace = /(?<!\\)\{DATE\}/gi;

/**
 * Reads fail2ban's `datepattern`, with the `%%` of its files already made `%`: one pattern a line, tried in this order
 * at first. Without one it is the dates that fail2ban looks for by default.
 * @param thisYear decides which years `%ExY` takes
 * @throws BailiffError filter-invalid, with line and character
 */
export function readDatePattern(text: string | null, thisYear: number): readonly DateTemplate[] {
  const list = new TemplateList(thisYear);
  const lines = (text ?? '').split('\n');
  if (lines.length > mostLines) throw tooMuch(`there are more than ${mostLines} patterns`);
  for (const [index, line] of lines.entries()) {
    try {
      list.add(new LocatedText(line));
    } catch (thrown) {
      throw lines.length === 1 ? thrown : inLine(thrown, index);
    }
  }
  return list.templates.length > 0 ? list.templates : list.defaults;
}

function tooMuch(message: string): BailiffError {
  return new BailiffError('filter-invalid', message, { remedy: 'Leave out what no log has.' });
}

function inLine(thrown: unknown, index: number): unknown {
  if (!(thrown instanceof BailiffError)) return thrown;
  const { code, message, where, remedy } = thrown;
  const place = [`line ${index + 1}`, ...(where === undefined ? [] : [where])].join(', ');
  return new BailiffError(code, message, {
    where: place,
    cause: thrown,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

class TemplateList {
  readonly #thisYear: number;
  readonly #templates = new Map<string, DateTemplate>();

  constructor(thisYear: number) {
    this.#thisYear = thisYear;
  }

  get templates(): readonly DateTemplate[] {
    return [...this.#templates.values()];
  }

  add(line: LocatedText): void {
    if (line.text.length > longestLine) throw tooMuch('the pattern is longer than 4 kB');
    const pattern = stripped(line);
    if (pattern.text === '') return;
    const key = keyOf(pattern.text);
    // As in fail2ban: beside others it adds nothing.
    if (key === '{DEFAULT}') return;
    if (key === atLineStart) this.#addSeveral(this.defaults.filter(({ anchored }) => anchored));
    else if (key.includes('{DATE}')) this.#addSeveral(this.#within(pattern));
    else if (key === '{NONE}') this.#add(readTemplate(new LocatedText('{UNB}^'), this.#thisYear));
    else this.#add(readTemplate(pattern, this.#thisYear));
  }

  get defaults(): readonly DateTemplate[] {
    const { copies, own } = defaultTemplates(this.#thisYear);
    return [...copies, ...own];
  }

  /**
   * Every default date in a pattern's `{DATE}`. `Epoch` is one there only where nothing but a bound to the line's
   * beginning is around it, as `TAI64N` is: else fail2ban takes them for the words.
   */
  #within(pattern: LocatedText): readonly DateTemplate[] {
    return defaultDates.map((date) => {
      const text = date === 'EPOCH' ? 'Epoch' : date.replace(atLineStart, '');
      const within = pattern.replaced(datePlace, () => text);
      return readTemplate(within, this.#thisYear);
    });
  }

  /** What is there already is left out, unless nothing was there before. */
  #addSeveral(all: readonly DateTemplate[]): void {
    const skipKnown = this.#templates.size > 0;
    for (const each of all) if (!skipKnown || !this.#templates.has(each.name)) this.#add(each);
  }

  #add(template: DateTemplate): void {
    if (this.#templates.has(template.name))
      throw new BailiffError('filter-invalid', 'the datepattern has this twice', {
        remedy: 'Leave one of the two out.',
      });
    this.#templates.set(template.name, template);
  }
}
