import type { Random } from '../../fuzz/random.ts';

const literals: readonly [string, ...string[]] = [
  'a',
  ...'bABxyz01ikKsSé',
  'ab',
  ' ',
  '\\.',
  '\\n',
  '\\x41',
  '\\u00e9',
  '\\101',
  '\\ ',
  '\\"',
  '{',
  '{}',
  'a{,x',
];
const characters: readonly [string, ...string[]] = [
  '.',
  ...['\\w', '\\W', '\\d', '\\D', '\\s', '\\S', '[ab]', '[^ab]', '[a-c]', '[^a-z]', '[\\w.-]', '[^\\W_]'],
  ...[
    '[\\W_]',
    '[\\s\\S]',
    '[^\\s,]',
    '[\\d\\-x]',
    '[]a]',
    '[^]a]',
    '[à-ö]',
    '[i-k]',
    '[^S]',
    '[\\D5]',
    '[]-a]',
  ],
];
const anchors: readonly [string, ...string[]] = ['^', '$', '\\A', '\\Z', '\\b', '\\B', '\\b', '$'];
const quantifiers: readonly [string, ...string[]] = [
  '*',
  ...['+', '?', '*?', '+?', '??', '{2}', '{,2}', '{1,}', '{0,3}', '{1,2}?', '{,}'],
];
/** Of single characters alone: Python 3.11.2 makes errors with those of groups, which 3.13 does not. */
const possessive: readonly [string, ...string[]] = ['*+', '++', '?+', '{2,3}+'];
/** Not `(?a:`: what Python's search passes over at once, before it looks closer, it decides by Unicode also there. */
const scopes: readonly [string, ...string[]] = [
  '(?i:',
  '(?s:',
  '(?m:',
  '(?i-s:',
  '(?-i:',
  '(?is-m:',
  '(?x: ',
];

/** Expressions of a grammar that has all of Python's syntax. All groups have names, so that all can be compared. */
export class MadeExpression {
  readonly text: string;
  readonly #random: Random;
  #groups = 0;

  constructor(random: Random) {
    this.#random = random;
    const flags = random.below(8) === 0 ? random.pick(['(?i)', '(?s)', '(?m)', '(?a)', '(?iu)', '(?x)']) : '';
    this.text = flags + this.#alternatives(0);
  }

  #alternatives(depth: number): string {
    let text = this.#sequence(depth);
    while (this.#random.below(4) === 0) text += `|${this.#sequence(depth)}`;
    return text;
  }

  #sequence(depth: number): string {
    let text = '';
    for (let items = this.#random.below(depth === 0 ? 6 : 4); items >= 0; items--) text += this.#item(depth);
    return text;
  }

  #item(depth: number): string {
    const kind = this.#random.below(depth > 2 ? 11 : 20);
    if (kind < 5) return this.#random.pick(literals);
    if (kind === 5) return this.#random.pick(anchors);
    if (kind === 6) return this.#reference();
    if (kind < 11) return this.#random.pick(characters) + this.#maybePossessive();
    return this.#group(depth) + this.#maybeQuantified(3);
  }

  /** Without groups: Python 3.11.2 makes errors with those of what is not tried again. */
  #plain(): string {
    const item = () => this.#random.pick(characters) + this.#maybeQuantified(2);
    return `${item()}${item()}|${this.#random.pick(literals)}${item()}`;
  }

  #maybePossessive(): string {
    return this.#random.below(8) === 0 ? this.#random.pick(possessive) : this.#maybeQuantified(2);
  }

  #maybeQuantified(oneIn: number): string {
    return this.#random.below(oneIn) === 0 ? this.#random.pick(quantifiers) : '';
  }

  #reference(): string {
    // Now and then one that there is not, or not yet.
    const group = Math.max(1, this.#groups - this.#random.below(3) + (this.#random.below(8) === 0 ? 1 : 0));
    if (this.#groups === 0 && this.#random.below(8) > 0) return 'c';
    return this.#random.pick([`\\${group}`, `(?P=g${group})`, `(?(g${group})a|b)`, `(?(${group})x)`]);
  }

  #group(depth: number): string {
    const inner = () => this.#alternatives(depth + 1);
    switch (this.#random.below(8)) {
      case 0:
        return `(?:${inner()})`;
      case 1:
        return `(?${this.#random.pick(['=', '!'])}${inner()})`;
      case 2:
        return `(?<${this.#random.pick(['=', '!'])}${this.#random.pick(['a', 'b', '\\w', '[^ ]b', 'a|b', inner()])})`;
      case 3:
        return `(?>${this.#plain()})`;
      case 4:
        return `${this.#random.pick(scopes)}${inner()})`;
      case 5:
        return `(?#${this.#random.pick(['', 'a', '\\)'])})`;
      default:
        return `(?P<g${++this.#groups}>${inner()})`;
    }
  }
}

const syntax: readonly [string, ...string[]] = [
  '(',
  ...')[]{}?*+|\\^$.-,<>=!:#P1',
  ...[
    '(?',
    '(?P<',
    '(?P=',
    '(?<',
    '(?(',
    '(?i',
    '[^',
    '\\x',
    '\\u',
    '\\N{',
    '\\',
    '{2',
    '{2,1}',
    '**',
    '(?i)',
  ],
  ...[
    '<HOST>',
    '<ADDR>',
    '<F-USER>',
    '</F-USER>',
    '<F-ID/>',
    '</F-X>',
    '((?i)a)',
    '\\8',
    '\\07',
    '\\400',
    '\\q',
  ],
];

/** With one to three pieces of syntax where they may not belong. */
export function brokenExpression(expression: string, random: Random): string {
  let result = expression;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(result.length + 1);
    result = result.slice(0, at) + random.pick(syntax) + result.slice(at + random.below(2));
  }
  return result;
}
