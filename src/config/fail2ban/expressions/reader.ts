import { readClass } from './class-reader.ts';
import { isOctal, octalCode, readEscape } from './escapes.ts';
import { readGroup } from './group-reader.ts';
import { Groups } from './groups.ts';
import type { LocatedText } from './located-text.ts';
import {
  type AnchorPlace,
  alternativesOf,
  type Flags,
  nothing,
  oneCharacter,
  type PythonNode,
  sequenceOf,
} from './nodes.ts';
import { PythonText } from './python-text.ts';
import { isQuantifier, repeated } from './quantifiers.ts';

/** An expression of Python's `re`, for text. */
export interface PythonExpression {
  readonly root: PythonNode;
  /** Name to number; groups count from 1 in the order in which they open, as Python's do. */
  readonly names: ReadonlyMap<string, number>;
}

/**
 * Reads what `re.compile(text)` takes in Python 3.11 (https://docs.python.org/3.11/library/re.html).
 * @param multiline whether `re.MULTILINE` is set
 * @throws BailiffError filter-invalid, with the place, for what Python refuses, and for `\N{…}`
 */
export function readExpression(source: LocatedText, multiline: boolean): PythonExpression {
  return new Reader(new PythonText(source)).read({ ...noFlags, multiline });
}

const noFlags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };

/** Python itself ends at about three hundred. */
const deepest = 250;

const blank = ' \t\n\r\v\f';
const fixedAnchors: Readonly<Record<string, AnchorPlace>> = {
  '\\A': 'text start',
  '\\Z': 'text end',
  '\\b': 'boundary',
  '\\B': 'no boundary',
};

export class Reader {
  readonly text: PythonText;
  readonly groups: Groups;
  #depth = 0;

  constructor(text: PythonText) {
    this.text = text;
    this.groups = new Groups(text);
  }

  read(flags: Flags): PythonExpression {
    let current = flags;
    const branches = [this.sequence(flags, (changed) => (current = changed))];
    while (this.text.take('|')) branches.push(this.sequence(current));
    if (this.text.ahead === ')') this.text.fail('this ")" closes nothing');
    this.groups.checkConditions();
    return { root: alternativesOf(branches), names: this.groups.names };
  }

  /** Up to the end, or to the parenthesis that closes the group. */
  alternatives(flags: Flags): PythonNode {
    if (++this.#depth > deepest) this.text.fail('groups are nested too deeply');
    const branches = [this.sequence(flags)];
    while (this.text.take('|')) branches.push(this.sequence(flags));
    this.#depth--;
    return alternativesOf(branches);
  }

  /** @param setGlobal takes the flags of `(?i)`, which may stand at the start of the expression alone */
  sequence(start: Flags, setGlobal?: (flags: Flags) => void): PythonNode {
    const { text } = this;
    const items: PythonNode[] = [];
    let flags = start;
    for (let token = text.ahead; token !== '' && token !== '|' && token !== ')'; token = text.ahead) {
      const at = text.at;
      text.next();
      if (flags.verbose && this.#skipped(token)) continue;
      if (isQuantifier(text, token)) {
        items.push(repeated(text, items.pop(), token, at));
      } else if (token === '(') {
        const read = readGroup(this, flags, at);
        if ('flags' in read) {
          if (setGlobal === undefined || items.length > 0)
            return text.fail('flags for all of an expression stand at its start', at);
          flags = read.flags;
          setGlobal(flags);
        } else if (read.node !== null) {
          items.push(read.node);
        }
      } else {
        items.push(this.#atom(token, flags, at));
      }
    }
    return sequenceOf(items);
  }

  /** White space and comments, where the flag "x" allows them. */
  #skipped(token: string): boolean {
    if (blank.includes(token)) return true;
    if (token !== '#') return false;
    for (let next = this.text.next(); next !== '' && next !== '\n'; ) next = this.text.next();
    return true;
  }

  #atom(token: string, flags: Flags, at: number): PythonNode {
    if (token === '[') return readClass(this.text, flags, at);
    if (token === '.') return { kind: 'any', dotAll: flags.dotAll, width: oneCharacter };
    const place = anchorPlace(token, flags);
    if (place !== undefined) return { kind: 'anchor', place, ascii: flags.ascii, width: nothing };
    if (token.length > 1 && token.startsWith('\\')) return this.#escape(token, flags, at);
    return literal(token.codePointAt(0) ?? 0, flags);
  }

  #escape(token: string, flags: Flags, at: number): PythonNode {
    const digit = token.slice(1);
    if (digit === '0') return literal(octalCode(this.text, '0', at), flags);
    if (/^[1-9]$/.test(digit)) return this.#numbered(digit, flags, at);
    const escaped = readEscape(this.text, token, at);
    if ('code' in escaped) return literal(escaped.code, flags);
    const item = { kind: 'category', category: escaped.category } as const;
    return { ...literal(0, flags), kind: 'set', items: [item], negated: false };
  }

  /** Three octal digits are a character; one or two digits are a group's number. */
  #numbered(first: string, { ignoreCase, ...flags }: Flags, at: number): PythonNode {
    const digits = first + this.text.takeSome('0123456789', 1);
    if ([...digits].length === 2 && [...digits].every(isOctal) && isOctal(this.text.ahead))
      return literal(octalCode(this.text, digits, at), { ignoreCase, ...flags });
    const group = Number(digits);
    return { kind: 'reference', group, ignoreCase, width: this.groups.widthOf(group, at) };
  }
}

function literal(code: number, { ignoreCase, ascii }: Flags): Extract<PythonNode, { kind: 'literal' }> {
  return { kind: 'literal', code, ignoreCase, ascii, width: oneCharacter };
}

function anchorPlace(token: string, { multiline }: Flags): AnchorPlace | undefined {
  if (token === '^') return multiline ? 'line start' : 'text start';
  if (token === '$') return multiline ? 'line end' : 'end';
  return fixedAnchors[token];
}
