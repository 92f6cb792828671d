import { PatternText } from '../pattern-text.ts';

/** An expression as RE2 takes it, and what has to be checked of its matches in code. */
export interface LinearForm {
  readonly pattern: string;
  /** From the numbers of the named groups to theirs in `pattern`; the others are no groups there. */
  readonly groups: ReadonlyMap<number, number>;
  /** Look-arounds: an empty group stands in the place of each, and says where it must hold. */
  readonly assertions: readonly { readonly group: number; readonly regexp: RegExp }[];
}

/**
 * Writes a JavaScript expression for RE2, so that both find the same, or returns null: there are back-references,
 * look-arounds that may take long themselves or stand in a repetition, named groups in a repetition (RE2 keeps
 * their last text, JavaScript forgets it), or the repeated text may be empty (JavaScript passes over such turns).
 */
export function linearForm(source: string, ignoreCase: boolean): LinearForm | null {
  try {
    return new Translation(source, ignoreCase).form();
  } catch (thrown) {
    if (thrown instanceof NotExpressible) return null;
    throw thrown;
  }
}

class NotExpressible extends Error {}

/** ECMA-262, WhiteSpace and LineTerminator; RE2's `\s` is ASCII alone. */
const space = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const notSpace = String.raw`\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const anyCharacter = '(?s:.)';

const lookAround = /^\(\?<?[=!]/;
const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** Of one turn at most. */
const optional = /^(?:\?|\{[01](?:,1)?\})/;

/** A part of the expression that was written, and whether it can match nothing. */
interface Part {
  readonly pattern: string;
  readonly empty: boolean;
}

class Translation {
  readonly #text: PatternText;
  readonly #ignoreCase: boolean;
  readonly #groups = new Map<number, number>();
  readonly #assertions: { group: number; regexp: RegExp }[] = [];
  #captures = 0;
  #written = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#text = new PatternText(source);
    this.#ignoreCase = ignoreCase;
  }

  form(): LinearForm {
    const { pattern } = this.#alternatives();
    return { pattern, groups: this.#groups, assertions: this.#assertions };
  }

  /** Up to the end, or to the parenthesis that closes the group. */
  #alternatives(): Part {
    const branches = [this.#sequence()];
    while (this.#text.take('|')) branches.push(this.#sequence());
    const pattern = branches.map((branch) => branch.pattern).join('|');
    return { pattern, empty: branches.some(({ empty }) => empty) };
  }

  #sequence(): Part {
    let pattern = '';
    let empty = true;
    while (!this.#text.isRead && !this.#text.ahead('|') && !this.#text.ahead(')')) {
      const part = this.#quantified();
      pattern += part.pattern;
      empty &&= part.empty;
    }
    return { pattern, empty };
  }

  #quantified(): Part {
    const written = this.#written;
    const { pattern, empty } = this.#atom();
    const [turns] = quantifier.exec(this.#text.source.slice(this.#text.at)) ?? [];
    if (turns === undefined) return { pattern, empty };
    if (empty || (this.#written > written && !optional.test(turns))) throw new NotExpressible();
    this.#text.at += turns.length;
    return { pattern: pattern + turns, empty: /^(?:[*?]|\{0)/.test(turns) };
  }

  #atom(): Part {
    const character = this.#text.next();
    switch (character) {
      case '.':
        return { pattern: anyCharacter, empty: false };
      case '^':
        return { pattern: String.raw`\A`, empty: true };
      case '$':
        return { pattern: String.raw`\z`, empty: true };
      case '(':
        return this.#group();
      case '[':
        return { pattern: this.#class(), empty: false };
      case '\\':
        return { empty: this.#text.ahead('b') || this.#text.ahead('B'), pattern: this.#escape(false) };
      default:
        return { pattern: character, empty: false };
    }
  }

  #group(): Part {
    this.#text.at--;
    const rest = this.#text.source.slice(this.#text.at);
    if (lookAround.test(rest)) return { pattern: this.#lookAround(), empty: true };
    const opening = this.#opening(rest);
    if (opening !== '(?:' && opening !== '(') throw new NotExpressible();
    const { pattern, empty } = this.#alternatives();
    this.#text.next();
    return { pattern: `${opening}${pattern})`, empty };
  }

  /** Only named groups are kept. */
  #opening(rest: string): string {
    const named = /^\(\?<\w+>/.exec(rest);
    if (named !== null) {
      this.#text.at += named[0].length;
      this.#groups.set(++this.#captures, ++this.#written);
      return '(';
    }
    if (rest.startsWith('(?')) {
      this.#text.at += 3;
      return rest.slice(0, 3);
    }
    this.#text.at += 1;
    this.#captures++;
    return '(?:';
  }

  #lookAround(): string {
    const start = this.#text.at;
    this.#text.at = closing(this.#text.source, start);
    const assertion = this.#text.source.slice(start, this.#text.at);
    const bare = assertion.replace(/\\[^1-9k]|\[(?:\\.|[^\]\\])*\]/gu, 'x');
    // A group, a back-reference, or a repetition without an end.
    if (/\((?!\?(?:<?[=!]|:))|\\|[*+]|,\}/.test(bare)) throw new NotExpressible();
    const group = ++this.#written;
    this.#assertions.push({ group, regexp: new RegExp(assertion, this.#ignoreCase ? 'isy' : 'usy') });
    return '()';
  }

  #class(): string {
    const negated = this.#text.take('^') ? '^' : '';
    let members = '';
    while (!this.#text.ahead(']')) {
      const character = this.#text.next();
      if (character === '\\') members += this.#escape(true);
      else members += character === '[' || character === '^' ? `\\${character}` : character;
    }
    this.#text.next();
    if (members !== '') return `[${negated}${members}]`;
    if (negated === '') throw new NotExpressible();
    return String.raw`[\x{0}-\x{10ffff}]`;
  }

  #escape(inClass: boolean): string {
    const character = this.#text.next();
    switch (character) {
      case 's':
        return inClass ? space : `[${space}]`;
      case 'S':
        return inClass ? notSpace : `[^${space}]`;
      case 'b':
        return inClass ? String.raw`\x{8}` : String.raw`\b`;
      case '0':
        return String.raw`\x{0}`;
      case 'c':
        return `\\x{${(this.#text.next().charCodeAt(0) % 32).toString(16)}}`;
      case 'x':
        return `\\x{${this.#digits(2)}}`;
      case 'u':
        return `\\x{${this.#codePoint()}}`;
      default:
        if (/[1-9k]/.test(character)) throw new NotExpressible();
        return character === '/' ? character : `\\${character}`;
    }
  }

  #codePoint(): string {
    if (this.#text.take('{')) {
      const end = this.#text.source.indexOf('}', this.#text.at);
      const digits = this.#digits(end - this.#text.at);
      this.#text.next();
      return digits;
    }
    const digits = this.#digits(4);
    // Half of a pair.
    if (/^d[89a-f]/i.test(digits)) throw new NotExpressible();
    return digits;
  }

  #digits(count: number): string {
    const digits = this.#text.source.slice(this.#text.at, this.#text.at + count);
    this.#text.at += count;
    return digits;
  }
}

/** Behind the parenthesis that closes the group which begins at `start`. */
function closing(source: string, start: number): number {
  const token = /\\.|\[(?:\\.|[^\]\\])*\]|[()]/gsu;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(source); found !== null; found = token.exec(source)) {
    if (found[0] === '(') depth++;
    else if (found[0] === ')' && --depth === 0) return token.lastIndex;
  }
  throw new NotExpressible();
}
