import { isOctal, octalCode, readEscape } from './escapes.ts';
import { type Flags, oneCharacter, type PythonNode, type SetItem } from './nodes.ts';
import type { PythonText } from './python-text.ts';

/** Reads a class whose bracket is read, and stood at `start`. */
export function readClass(text: PythonText, { ignoreCase, ascii }: Flags, start: number): PythonNode {
  const negated = text.take('^');
  const items: SetItem[] = [];
  // A bracket that comes first is one of the characters.
  for (let first = true; first || text.ahead !== ']'; first = false) {
    const at = text.at;
    const item = readMember(text, start);
    if (!text.take('-')) {
      items.push(item);
    } else if (text.ahead === ']') {
      items.push(item, range(0x2d));
    } else {
      items.push(rangeOf(text, item, readMember(text, start), at));
    }
  }
  text.next();
  const [only] = items;
  if (items.length === 1 && !negated && only?.kind === 'range' && only.from === only.to)
    return { kind: 'literal', code: only.from, ignoreCase, ascii, width: oneCharacter };
  return { kind: 'set', items, negated, ignoreCase, ascii, width: oneCharacter };
}

function readMember(text: PythonText, start: number): SetItem {
  const at = text.at;
  const token = text.next();
  if (token === '') text.fail('this "[" lacks its "]"', start);
  if (token.length === 1 || !token.startsWith('\\')) return range(token.codePointAt(0) ?? 0);
  if (token === '\\b') return range(0x08);
  if (isOctal(token.slice(1))) return range(octalCode(text, token.slice(1), at));
  const escaped = readEscape(text, token, at);
  return 'code' in escaped ? range(escaped.code) : { kind: 'category', category: escaped.category };
}

function rangeOf(text: PythonText, from: SetItem, to: SetItem, at: number): SetItem {
  if (from.kind === 'category' || to.kind === 'category')
    return text.fail('a range in a class goes from one character to another', at);
  if (to.from < from.from) return text.fail('this range ends before it begins', at);
  return { kind: 'range', from: from.from, to: to.from };
}

function range(code: number): SetItem {
  return { kind: 'range', from: code, to: code };
}
