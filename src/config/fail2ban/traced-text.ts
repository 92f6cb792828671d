import type { Place } from './place.ts';

/** From `offset` on the text comes from `at`, by so many substitutions. */
interface Mark {
  readonly offset: number;
  readonly at: Place;
  readonly depth: number;
}

/** One line, and where the most of it was written that somebody would call the line. */
export interface SourcedText {
  readonly text: string;
  readonly at: Place;
}

/**
 * Text that knows where each part of it was written, through substitutions and across files. A value is put together
 * from lines of many files; an error, or an expression's count, has to name the line that a person would change.
 */
export class TracedText {
  readonly text: string;
  readonly #marks: readonly Mark[];

  private constructor(text: string, marks: readonly Mark[]) {
    this.text = text;
    this.#marks = marks;
  }

  static of(text: string, at: Place): TracedText {
    return new TracedText(text, [{ offset: 0, at, depth: 0 }]);
  }

  static join(parts: readonly TracedText[]): TracedText {
    const marks: Mark[] = [];
    let offset = 0;
    const full = parts.filter(({ text }) => text !== '');
    for (const part of full.length > 0 ? full : parts.slice(0, 1)) {
      for (const mark of part.#marks) {
        const last = marks.at(-1);
        if (last?.at === mark.at && last.depth === mark.depth) continue;
        marks.push({ ...mark, offset: mark.offset + offset });
      }
      offset += part.text.length;
    }
    return new TracedText(parts.map((part) => part.text).join(''), marks);
  }

  /** Where it begins. */
  get at(): Place {
    const [first] = this.#marks;
    if (first === undefined) throw new RangeError('a text without a place');
    return first.at;
  }

  /** How much of memory and time it takes to copy it. */
  get weight(): number {
    return this.text.length + this.#marks.length;
  }

  slice(from: number, to: number = this.text.length): TracedText {
    const marks: Mark[] = [];
    for (let index = this.#markAt(from); index < this.#marks.length; index += 1) {
      const mark = this.#marks[index];
      if (mark === undefined || (mark.offset >= to && marks.length > 0)) break;
      marks.push({ ...mark, offset: Math.max(0, mark.offset - from) });
    }
    return new TracedText(this.text.slice(from, to), marks);
  }

  /** The text with each `%%` as one `%`. */
  unescaped(): TracedText {
    if (!this.text.includes('%%')) return this;
    const parts = this.text.split('%%');
    const ends: number[] = [];
    let end = 0;
    for (const part of parts.slice(0, -1)) {
      end += part.length + 2;
      ends.push(end);
    }
    let escapes = 0;
    const marks = this.#marks.map((mark) => {
      while ((ends[escapes] ?? Number.POSITIVE_INFINITY) <= mark.offset) escapes += 1;
      return { ...mark, offset: mark.offset - escapes };
    });
    return new TracedText(parts.join('%'), marks);
  }

  /** The same text as it is put into another. */
  nested(): TracedText {
    return new TracedText(
      this.text,
      this.#marks.map((mark) => ({ ...mark, depth: mark.depth + 1 })),
    );
  }

  /**
   * Its lines. A line's place is that of the part which took the fewest substitutions to come here: in
   * `%(prefix)s failed` the line with "failed", not that of the prefix.
   */
  lines(): SourcedText[] {
    let offset = 0;
    return this.text.split('\n').map((text) => {
      const at = this.#placeOf(offset, offset + text.length);
      offset += text.length + 1;
      return { text, at };
    });
  }

  /** All of it, as one. */
  sourced(): SourcedText {
    return { text: this.text, at: this.#placeOf(0, this.text.length) };
  }

  #placeOf(from: number, to: number): Place {
    let best: Mark | undefined;
    for (let index = this.#markAt(from); index < this.#marks.length; index += 1) {
      const mark = this.#marks[index];
      if (mark === undefined || mark.offset >= to) break;
      const end = Math.min(to, this.#marks[index + 1]?.offset ?? to);
      const says = this.text.slice(Math.max(from, mark.offset), end).trim() !== '';
      if (says && (best === undefined || mark.depth < best.depth)) best = mark;
    }
    return (best ?? this.#marks[this.#markAt(from)])?.at ?? this.at;
  }

  /** The index of the last mark at or before an offset: by halves, as a value may have thousands. */
  #markAt(offset: number): number {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#marks[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
