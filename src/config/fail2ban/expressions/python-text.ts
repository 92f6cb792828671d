import { BailiffError } from '../../../core/errors.ts';
import type { LocatedText } from './located-text.ts';

/**
 * The text of a Python expression, and how far it was read. As Python does it is read in tokens: a character, or
 * a backslash with the one behind it, also where neither means anything, as in comments.
 */
export class PythonText {
  readonly #source: LocatedText;
  at = 0;

  constructor(source: LocatedText) {
    this.#source = source;
  }

  /** The token to come, or '' at the end. */
  get ahead(): string {
    const { text } = this.#source;
    if (this.at >= text.length) return '';
    const first = String.fromCodePoint(text.codePointAt(this.at) ?? 0);
    if (first !== '\\') return first;
    const escaped = text.codePointAt(this.at + 1);
    if (escaped === undefined) this.fail('a backslash at the end escapes nothing');
    return first + String.fromCodePoint(escaped);
  }

  /** The token to come, which is then read. */
  next(): string {
    const token = this.ahead;
    this.at += token.length;
    return token;
  }

  take(token: string): boolean {
    if (this.ahead !== token) return false;
    this.at += token.length;
    return true;
  }

  /** So many tokens at most as are among these characters. */
  takeSome(characters: string, most: number): string {
    let taken = '';
    while (taken.length < most && this.ahead !== '' && characters.includes(this.ahead)) taken += this.next();
    return taken;
  }

  /** What stands before `end`, and at least one token; goes behind it. `what` is it for an error. */
  until(end: string, what: string): string {
    const start = this.at;
    let found = '';
    for (let token = this.next(); token !== end; token = this.next()) {
      if (token === '') this.fail(`${what} lacks its "${end}"`, start);
      found += token;
    }
    if (found === '') this.fail(`${what} is missing`, start);
    return found;
  }

  /** @throws BailiffError always; `at` is an offset in this text */
  fail(message: string, at = this.at): never {
    throw expressionError(message, this.originOf(at));
  }

  originOf(at: number): number {
    return this.#source.originOf(at);
  }
}

/** `origin` is an offset in the expression as it was written; people count from 1. */
export function expressionError(message: string, origin: number, remedy?: string): BailiffError {
  const where = `character ${origin + 1}`;
  return new BailiffError('filter-invalid', message, remedy === undefined ? { where } : { where, remedy });
}
