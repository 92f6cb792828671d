import { isFlag, readFlags } from './flag-reader.ts';
import { type Flags, nothing, type PythonNode, widestOf } from './nodes.ts';
import type { Reader } from './reader.ts';

/** What a parenthesis opens: flags for all of the expression, or a node, or a comment, which is none. */
export type GroupRead = { readonly flags: Flags } | { readonly node: PythonNode | null };

/** Reads a group whose parenthesis is read, and stood at `start`. */
export function readGroup(reader: Reader, flags: Flags, start: number): GroupRead {
  const { text } = reader;
  if (!text.take('?')) return { node: captured(reader, flags, null, start) };
  const at = text.at;
  const token = text.next();
  switch (token) {
    case 'P':
      return { node: namedGroup(reader, flags, start) };
    case ':':
      return { node: grouped(closed(reader, reader.alternatives(flags), start)) };
    case '>':
      return { node: atomic(closed(reader, reader.alternatives(flags), start)) };
    case '#':
      skipComment(reader, start);
      return { node: null };
    case '=':
    case '!':
      return { node: lookAround(reader, flags, false, token, start) };
    case '<':
      return { node: lookAround(reader, flags, true, text.next(), start) };
    case '(':
      return { node: conditional(reader, flags, start) };
    default:
      if (isFlag(token) || token === '-') return flagGroup(reader, flags, token, start);
      return text.fail(
        token === '' ? 'this group lacks its end' : `"(?${token}" opens no group of Python's`,
        at,
      );
  }
}

function flagGroup(reader: Reader, before: Flags, token: string, start: number): GroupRead {
  const { scoped, flags } = readFlags(reader.text, before, token, start);
  return scoped ? { node: grouped(closed(reader, reader.alternatives(flags), start)) } : { flags };
}

/** A group of its own, so that what is repeated in it may be repeated again. */
function grouped(inner: PythonNode): PythonNode {
  return { kind: 'sequence', items: [inner], width: inner.width };
}

function atomic(inner: PythonNode): PythonNode {
  return { kind: 'atomic', inner, width: inner.width };
}

function captured(reader: Reader, flags: Flags, name: string | null, start: number): PythonNode {
  const group = reader.groups.open(name, start);
  const inner = closed(reader, reader.alternatives(flags), start);
  reader.groups.close(group, inner.width);
  return { kind: 'capture', group, inner, width: inner.width };
}

function closed(reader: Reader, inner: PythonNode, start: number): PythonNode {
  if (!reader.text.take(')')) reader.text.fail('this "(" lacks its ")"', start);
  return inner;
}

function namedGroup(reader: Reader, flags: Flags, start: number): PythonNode {
  const { text, groups } = reader;
  if (text.take('<')) return captured(reader, flags, readName(reader, '>'), start);
  if (!text.take('=')) text.fail('behind "(?P" comes "<" or "="');
  const at = text.at;
  const group = groups.named(readName(reader, ')'), at);
  return { kind: 'reference', group, ignoreCase: flags.ignoreCase, width: groups.widthOf(group, at) };
}

function readName({ text }: Reader, end: string): string {
  const at = text.at;
  const name = text.until(end, "a group's name");
  if (!isIdentifier(name)) text.fail(`"${name}" cannot be the name of a group`, at);
  return name;
}

function isIdentifier(name: string): boolean {
  return /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name);
}

function skipComment({ text }: Reader, start: number): void {
  while (!text.take(')')) if (text.next() === '') text.fail('this comment lacks its ")"', start);
}

function lookAround(reader: Reader, flags: Flags, behind: boolean, sign: string, start: number): PythonNode {
  const { text, groups } = reader;
  if (sign !== '=' && sign !== '!') text.fail(`"(?<${sign}" opens no group of Python's`, start);
  const read = () => reader.alternatives(flags);
  const inner = closed(reader, behind ? groups.inLookBehind(read) : read(), start);
  if (behind && inner.width.minimum !== inner.width.maximum)
    text.fail('what a look-behind matches must always have the same length', start);
  return { kind: 'look', behind, negative: sign === '!', inner, width: nothing };
}

function conditional(reader: Reader, flags: Flags, start: number): PythonNode {
  const { text, groups } = reader;
  const group = conditionGroup(reader);
  groups.condition(group, start);
  const yes = reader.sequence(flags);
  const no = text.take('|') ? reader.sequence(flags) : null;
  if (text.ahead === '|') text.fail('a condition has two alternatives at most');
  closed(reader, yes, start);
  const otherwise: PythonNode = no ?? { kind: 'sequence', items: [], width: nothing };
  const width = widestOf([yes, otherwise]);
  return { kind: 'conditional', group, yes, no: otherwise, at: text.originOf(start), width };
}

function conditionGroup({ text, groups }: Reader): number {
  const at = text.at;
  const name = text.until(')', "a condition's group");
  if (isIdentifier(name)) return groups.named(name, at);
  // Python 3.11 takes whatever is a whole number there.
  if (!/^\s*\+?\d+(?:_\d+)*\s*$/.test(name)) text.fail(`"${name}" cannot be the name of a group`, at);
  const group = Number(name.replaceAll('_', ''));
  if (group === 0) text.fail('groups count from 1', at);
  return group;
}
