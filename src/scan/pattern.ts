import { PatternText } from './pattern-text.ts';

/**
 * Reads the source of a JavaScript regular expression as far as the scanner needs it: for the groups'
 * names, for the literals that every match contains (literals.ts), and for what may be wrong with it (blow-up.ts,
 * loose-address.ts). Whatever it does not know for
 * sure it calls `unknown`, which is always right and only costs speed. The expression was compiled
 * before, so its syntax is known to be valid.
 */
export type PatternNode =
  | { readonly kind: 'text'; readonly text: string }
  /** One character out of a few. */
  | { readonly kind: 'choice'; readonly texts: readonly string[] }
  /** Matches nothing by itself: an anchor or a look-around, with what stands in that. */
  | { readonly kind: 'empty'; readonly anchor?: '^' | '$'; readonly inner?: PatternNode }
  /** `set`: it is one character of this set, as it is written. */
  | { readonly kind: 'unknown'; readonly set?: string }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'alternatives'; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: 'repeated';
      readonly item: PatternNode;
      readonly minimum: number;
      /** May be infinite. */
      readonly maximum: number;
    };

export interface Pattern {
  readonly root: PatternNode;
  /** Name to the numbers of its capturing groups (a name may stand in several alternatives). */
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

export function parsePattern(source: string): Pattern {
  return new Parser(source).parse();
}

const empty: PatternNode = { kind: 'empty' };
const unknown: PatternNode = { kind: 'unknown' };

/** A class with more members than this is not worth listing. */
const largestChoice = 4;

class Parser {
  readonly #text: PatternText;
  readonly #groups = new Map<string, number[]>();
  #captures = 0;

  constructor(source: string) {
    this.#text = new PatternText(source);
  }

  parse(): Pattern {
    const root = this.#alternatives();
    return { root, groups: this.#groups };
  }

  #alternatives(): PatternNode {
    const branches = [this.#sequence()];
    while (this.#text.take('|')) branches.push(this.#sequence());
    return branches.length === 1 && branches[0] !== undefined
      ? branches[0]
      : { kind: 'alternatives', branches };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (!this.#text.isRead && !this.#text.ahead('|') && !this.#text.ahead(')')) {
      items.push(this.#quantified(this.#atom()));
    }
    return { kind: 'sequence', items };
  }

  #atom(): PatternNode {
    const character = this.#text.next();
    switch (character) {
      case '^':
      case '$':
        return { kind: 'empty', anchor: character };
      case '.':
        return { kind: 'unknown', set: '.' };
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      default:
        return { kind: 'text', text: character };
    }
  }

  #group(): PatternNode {
    let looksAround = false;
    let known = true;
    if (this.#text.take('?')) {
      if (this.#text.take(':')) {
        // Groups only.
      } else if (
        this.#text.take('=') ||
        this.#text.take('!') ||
        this.#text.take('<=') ||
        this.#text.take('<!')
      ) {
        looksAround = true;
      } else if (this.#text.take('<')) {
        this.#name(this.#text.until('>'));
      } else {
        // Modifiers such as (?i:…) change what the text inside means.
        this.#text.until(':');
        known = false;
      }
    } else {
      this.#captures++;
    }
    const inner = this.#alternatives();
    this.#text.take(')');
    if (looksAround) return { kind: 'empty', inner };
    return known ? inner : unknown;
  }

  #name(name: string): void {
    this.#captures++;
    const numbers = this.#groups.get(name);
    if (numbers === undefined) this.#groups.set(name, [this.#captures]);
    else numbers.push(this.#captures);
  }

  #class(): PatternNode {
    const start = this.#text.at - 1;
    const members: string[] = [];
    let known = !this.#text.take('^');
    while (!this.#text.ahead(']') && !this.#text.isRead) {
      const character = this.#text.next();
      if (character === '\\') {
        const escaped = this.#escape();
        if (escaped.kind === 'text') members.push(escaped.text);
        else known = false;
      } else {
        // A hyphen may make a range.
        if (character === '-') known = false;
        members.push(character);
      }
    }
    this.#text.take(']');
    if (!known || members.length === 0 || members.length > largestChoice)
      return { kind: 'unknown', set: this.#text.source.slice(start, this.#text.at) };
    return { kind: 'choice', texts: members };
  }

  #escape(): PatternNode {
    const start = this.#text.at - 1;
    const character = this.#text.next();
    if (/[\^$\\.*+?()[\]{}|/-]/.test(character)) return { kind: 'text', text: character };
    if (character === 't') return { kind: 'text', text: '\t' };
    if (character === 'b' || character === 'B') return empty;
    // The rest of longer escapes must not be taken for text.
    if (character === 'x') this.#text.at += 2;
    else if (character === 'c') this.#text.at += 1;
    else if (character === 'k') this.#text.until('>');
    else if (character === 'u' && !this.#text.ahead('{')) this.#text.at += 4;
    else if ((character === 'u' || character === 'p' || character === 'P') && this.#text.ahead('{'))
      this.#text.until('}');
    else if (/\d/.test(character)) while (/\d/.test(this.#text.source[this.#text.at] ?? '')) this.#text.at++;
    // What a back-reference matches stands elsewhere.
    if (/[k1-9]/.test(character)) return unknown;
    return { kind: 'unknown', set: this.#text.source.slice(start, this.#text.at) };
  }

  #quantified(item: PatternNode): PatternNode {
    const rest = this.#text.source.slice(this.#text.at, this.#text.at + 24);
    const quantifier = /^(?:([*+?])|\{(\d+)(,\d*)?\})\??/.exec(rest);
    if (quantifier === null) return item;
    this.#text.at += quantifier[0].length;
    const [, sign, least, more] = quantifier;
    if (sign !== undefined) {
      const maximum = sign === '?' ? 1 : Number.POSITIVE_INFINITY;
      return { kind: 'repeated', item, minimum: sign === '+' ? 1 : 0, maximum };
    }
    const minimum = Number(least);
    const most = more === undefined ? minimum : Number(more.slice(1) || Number.POSITIVE_INFINITY);
    return { kind: 'repeated', item, minimum, maximum: most };
  }
}
