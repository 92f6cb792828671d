/** A text that was rewritten, which still knows where each of its characters stood before. */
export class LocatedText {
  readonly text: string;
  readonly #origins: readonly number[] | null;

  constructor(text: string, origins: readonly number[] | null = null) {
    this.text = text;
    this.#origins = origins;
  }

  /** The offset in the first text. */
  originOf(offset: number): number {
    if (this.#origins === null) return offset;
    return this.#origins[offset] ?? (this.#origins.at(-1) ?? -1) + 1;
  }

  /** With every match replaced; what comes in its stead stands where the match began. */
  replaced(pattern: RegExp, replacement: (match: RegExpExecArray) => string): LocatedText {
    let text = '';
    const origins: number[] = [];
    const keep = (from: number, to: number): void => {
      text += this.text.slice(from, to);
      for (let offset = from; offset < to; offset++) origins.push(this.originOf(offset));
    };
    let done = 0;
    for (const match of this.text.matchAll(pattern)) {
      const written = replacement(match);
      if (written === match[0]) continue;
      keep(done, match.index);
      done = match.index + match[0].length;
      text += written;
      for (let count = 0; count < written.length; count++) origins.push(this.originOf(match.index));
    }
    keep(done, this.text.length);
    return new LocatedText(text, origins);
  }
}
