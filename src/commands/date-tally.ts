import { copied } from '../core/batch.ts';
import type { DateFinder } from '../scan/filters/dates.ts';
import { lineCap } from '../scan/line-length.ts';

/** Of so many lines at the beginning of a log the dates are looked at: the search for them takes longer than judging. */
export const datedLines = 10_000;
/** Forms that are told apart. */
const mostForms = 20;
const longestExample = 60;

/** One way in which the dates of so many lines are written, and one of these dates. */
interface WrittenForm {
  /** What people call it; undefined where the example says as much. */
  readonly form: string | undefined;
  readonly example: string;
  lines: number;
}

/** How the dates of lines are written. */
export interface WrittenDates {
  readonly lines: number;
  /** Lines that have none, or none that can be read in one way alone. */
  readonly undated: number;
  /** The most usual first. */
  readonly forms: readonly Readonly<WrittenForm>[];
}

/** Counts how the dates of a log's first lines are written: of all of them, whether or not they are candidates. */
export class DateTally {
  readonly #finder: DateFinder;
  readonly #forms = new Map<string, WrittenForm>();
  #lines = 0;
  #undated = 0;

  constructor(finder: DateFinder) {
    this.#finder = finder;
  }

  get isDone(): boolean {
    return this.#lines >= datedLines;
  }

  /** `now` is in seconds. */
  add(block: Buffer, now: number): void {
    for (let start = 0; start < block.length && !this.isDone; ) {
      const newline = block.indexOf(0x0a, start);
      const end = newline < 0 ? block.length : newline;
      this.#line(block.toString('utf8', start, Math.min(end, start + lineCap)), now);
      start = end + 1;
    }
  }

  get counts(): WrittenDates {
    const forms = [...this.#forms.values()].toSorted((one, other) => other.lines - one.lines);
    return { lines: this.#lines, undated: this.#undated, forms };
  }

  #line(line: string, now: number): void {
    this.#lines++;
    const date = this.#finder.find(line, now);
    if (date === null || date.time === null) {
      this.#undated++;
      return;
    }
    const text = line.slice(date.start, Math.min(date.end, date.start + longestExample));
    const { form } = this.#finder;
    const key = form ?? shapeOf(text);
    const known = this.#forms.get(key);
    if (known !== undefined) known.lines++;
    else if (this.#forms.size < mostForms) {
      const example = copied(text, 0, text.length);
      this.#forms.set(copied(key, 0, key.length), { form, example, lines: 1 });
    }
  }
}

/** Dates that differ in nothing but digits and the names of days and months are written alike. */
function shapeOf(text: string): string {
  return text.replace(/ *\d+/g, '0').replace(/[A-Za-z]{3}/g, 'Abc');
}
