import { hostTag } from '../../core/filter.ts';
import { parsePattern } from '../pattern.ts';

const ipv4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`;
const ipv6 = String.raw`(?:[\da-fA-F]{0,4}:){2,7}(?:${ipv4}|[\da-fA-F]{0,4})`;

/**
 * What `<HOST>` stands for: an address of either family, bare or in brackets. The look-arounds keep a
 * greedy neighbour from cutting off its first digits, and host names such as 192.0.2.1.example from being
 * taken for one. It only finds the place: the text is checked with `canonicalAddress` afterwards.
 */
const hostExpression = String.raw`\[?(?<host>(?<![\w.])${ipv4}|(?<![\w:.])${ipv6})(?!\.?\w)\]?`;

/** An address alone, perhaps with a port, as JSON fields hold it. */
export const hostField = new RegExp(String.raw`^${hostExpression}(?::\d{1,5})?$`);

/** A compiled expression, with the numbers of its groups: names in it would cost an object per match. */
export interface CompiledExpression {
  readonly regexp: RegExp;
  /** The expanded source, which the literals are derived from. */
  readonly source: string;
  readonly groups: ReadonlyMap<string, readonly number[]>;
}

/** @throws SyntaxError */
export function compileExpression(pattern: string, ignoreCase = false): CompiledExpression {
  const source = pattern.replaceAll(hostTag, hostExpression);
  // With u, JavaScript refuses escapes that mean nothing; so it is asked in any case. Together with i it would also
  // fold the long s and the Kelvin sign into s and k. With s a dot is any character: a client that may write a carriage
  // return or a line separator could hide behind it otherwise.
  new RegExp(source, 'u');
  const regexp = new RegExp(withoutNames(source), ignoreCase ? 'is' : 'us');
  return { regexp, source, groups: parsePattern(source).groups };
}

/** With groups that have their numbers alone, unless something refers to a name. */
function withoutNames(source: string): string {
  if (source.includes(String.raw`\k<`)) return source;
  const token = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])[^>]*>/gsu;
  return source.replace(token, (text) => (text.startsWith('(?<') ? '(' : text));
}

/** The text of a group that has these numbers, or '' where it took no part. */
export function groupText(match: readonly (string | undefined)[], numbers: readonly number[]): string {
  for (let index = 0; index < numbers.length; index++) {
    const text = match[numbers[index] ?? 0];
    if (text !== undefined) return text;
  }
  return '';
}
