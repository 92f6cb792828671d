/** The source of a regular expression, and how far it was read. */
export class PatternText {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  get isRead(): boolean {
    return this.at >= this.source.length;
  }

  /** The next character, which may be two of JavaScript's. */
  next(): string {
    const character = String.fromCodePoint(this.source.codePointAt(this.at) ?? 0);
    this.at += character.length;
    return character;
  }

  ahead(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** Goes behind the text, if that is what comes. */
  take(text: string): boolean {
    if (!this.ahead(text)) return false;
    this.at += text.length;
    return true;
  }

  /** What comes before `end`, or before the end of all; goes behind it. */
  until(end: string): string {
    const start = this.at;
    const found = this.source.indexOf(end, start);
    this.at = found < 0 ? this.source.length : found + end.length;
    return this.source.slice(start, found < 0 ? this.source.length : found);
  }
}
