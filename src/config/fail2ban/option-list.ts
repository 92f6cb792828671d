import { quote } from '../show.ts';
import { problemAt } from './problem.ts';
import { strip } from './python-text.ts';
import type { TracedText } from './traced-text.ts';

/** A filter or an action as a jail names it: `name[a=1, b="x"][c='y']`. */
export interface Reference {
  readonly name: string;
  readonly options: ReadonlyMap<string, TracedText>;
}

/** Brackets that never close are looked for up to the end, each time that one opens. */
const longestList = 16_384;

const optionName = /[\p{L}\p{N}_.-]+=/uy;
const space = /\s*/y;
const nextGroup = /\]\s*\[/y;

/**
 * Reads a reference. What stands before the bracket is the name, a space at its end included.
 * @throws BailiffError fail2ban-invalid
 */
export function parseReference(value: TracedText): Reference {
  const { text } = value;
  if (text.length > longestList) throw malformed(value, 0, 'the options are longer than 16 kB');
  const open = text.indexOf('[');
  if (open < 0) return { name: text.replace(/\s+$/, ''), options: new Map() };
  const close = text.trimEnd().length - 1;
  if (open === 0) throw malformed(value, open, 'a name is missing');
  if (text[close] !== ']') throw malformed(value, open, 'a bracket is not closed');
  return { name: text.slice(0, open), options: parseOptions(value.slice(open + 1, close)) };
}

function parseOptions(value: TracedText): Map<string, TracedText> {
  const options = new Map<string, TracedText>();
  const { text } = value;
  let at = 0;
  while (strip(text.slice(at)) !== '') {
    const start = skip(space, text, at);
    const nameEnd = skip(optionName, text, start);
    if (nameEnd === start) {
      // One comma may end the list.
      if (/^,?\s*$/.test(text.slice(at))) break;
      throw malformed(value, at, 'a name and "=" are expected');
    }
    const { from, to, end } = optionValue(text, nameEnd);
    options.set(text.slice(start, nameEnd - 1), trimmed(value.slice(from, to)));
    at = separatorEnd(text, end);
    if (at < 0) throw malformed(value, end, 'a comma or the end is expected');
  }
  return options;
}

interface Extent {
  readonly from: number;
  readonly to: number;
  /** Behind the quote, where there is one. */
  readonly end: number;
}

function optionValue(text: string, from: number): Extent {
  return quotedValue(text, from) ?? bareValue(text, from);
}

function quotedValue(text: string, from: number): Extent | null {
  const mark = text[from];
  if (mark !== '"' && mark !== "'") return null;
  const close = text.indexOf(mark, from + 1);
  return close < 0 ? null : { from: from + 1, to: close, end: close + 1 };
}

function bareValue(text: string, from: number): Extent {
  const length = text.slice(from).search(/[,\]]/);
  const to = length < 0 ? text.length : from + length;
  return { from, to, end: to };
}

/** Where the next option begins behind a comma or `][`; -1: there is neither, nor the end. */
function separatorEnd(text: string, at: number): number {
  if (at >= text.length || text.slice(at) === '\n') return text.length;
  if (text[at] === ',') return at + 1;
  const end = skip(nextGroup, text, at);
  return end > at ? end : -1;
}

/**
 * Splits a list of actions at white space, which may also stand within their brackets. What has no sound brackets is
 * taken up to the next white space.
 * @throws BailiffError fail2ban-invalid
 */
export function splitReferences(value: TracedText): TracedText[] {
  const { text } = value;
  if (text.length > longestList) throw malformed(value, 0, 'the list is longer than 16 kB');
  const parts: TracedText[] = [];
  for (let at = skip(space, text, 0); at < text.length; at = skip(space, text, at)) {
    const end = referenceEnd(text, at) ?? skip(/\S+/y, text, at);
    parts.push(value.slice(at, end));
    at = end;
  }
  return parts;
}

/** The end of a name with its brackets; null where they are not as they should be. */
function referenceEnd(text: string, at: number): number | null {
  const nameEnd = skip(/[^\s[]+/y, text, at);
  if (nameEnd === at) return null;
  const open = skip(space, text, nameEnd);
  const close = text[open] === '[' ? groupsEnd(text, open + 1) : null;
  for (const end of close === null ? [nameEnd] : [close, nameEnd]) {
    if (end === text.length || /\s/.test(text.charAt(end))) return end;
  }
  return null;
}

function groupsEnd(text: string, start: number): number | null {
  let at = skip(space, text, start);
  while (at < text.length) {
    if (text[at] === ']') return at + 1;
    const nameEnd = skip(optionName, text, at);
    if (nameEnd === at) return null;
    at = valueEnd(text, nameEnd);
    if (text[at] === ',') at += 1;
    else at = skip(nextGroup, text, at);
    at = skip(space, text, at);
  }
  return null;
}

/** A quote counts as one only where its end is followed by what may follow a value. */
function valueEnd(text: string, from: number): number {
  const quoted = quotedValue(text, from);
  if (quoted === null) return bareValue(text, from).end;
  const end = skip(space, text, quoted.end);
  const next = text[end];
  const follows = next === undefined || next === ',' || next === ']' || skip(optionName, text, end) > end;
  return follows ? end : bareValue(text, from).end;
}

/** Where a match of a sticky expression at `at` ends. */
function skip(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at;
  const match = expression.exec(text);
  return match === null ? at : at + match[0].length;
}

function trimmed(value: TracedText): TracedText {
  const text = strip(value.text);
  const from = value.text.indexOf(text);
  return value.slice(from, from + text.length);
}

function malformed(value: TracedText, offset: number, message: string): Error {
  const found = quote(value.text.slice(offset, offset + 30));
  return problemAt(
    value.slice(offset).at,
    `${message} at ${found}`,
    'Write name[option=value, other="a, b"].',
  );
}
