import type { PythonNode, RepeatMode } from './nodes.ts';
import type { PythonText } from './python-text.ts';

/** Python counts repetitions with 32 bits, and its largest number stands for no limit. */
const tooMany = 2 ** 32 - 1;
const digits = '0123456789';

/** Whether a token that is read begins a quantifier; a brace that does not is an ordinary character. */
export function isQuantifier(text: PythonText, token: string): boolean {
  if (token !== '{') return token === '*' || token === '+' || token === '?';
  const start = text.at;
  const counts = text.ahead === '}' ? null : readCounts(text);
  text.at = start;
  return counts !== null;
}

/** Reads the rest of a quantifier whose first token stood at `at`. */
export function repeated(
  text: PythonText,
  item: PythonNode | undefined,
  token: string,
  at: number,
): PythonNode {
  const [minimum, maximum] = token === '{' ? (readCounts(text) ?? [0, 0]) : signs(token);
  if (minimum >= tooMany || (maximum >= tooMany && maximum !== Number.POSITIVE_INFINITY))
    text.fail('nothing can be repeated that often', at);
  if (maximum < minimum) text.fail('the least number of repetitions is above the largest', at);
  if (item === undefined || item.kind === 'anchor') text.fail('there is nothing here to repeat', at);
  if (item.kind === 'repeat') text.fail('what is repeated cannot be repeated again without a group', at);
  const width = {
    minimum: item.width.minimum * minimum,
    maximum: item.width.maximum === 0 ? 0 : item.width.maximum * maximum,
  };
  return { kind: 'repeat', item, minimum, maximum, mode: mode(text), at: text.originOf(at), width };
}

function signs(token: string): readonly [number, number] {
  return [token === '+' ? 1 : 0, token === '?' ? 1 : Number.POSITIVE_INFINITY];
}

/** What stands between the braces, or null where that is no quantifier. */
function readCounts(text: PythonText): readonly [number, number] | null {
  const least = text.takeSome(digits, Number.POSITIVE_INFINITY);
  const most = text.take(',') ? text.takeSome(digits, Number.POSITIVE_INFINITY) : least;
  if (!text.take('}')) return null;
  return [Number(least || 0), most === '' ? Number.POSITIVE_INFINITY : Number(most)];
}

function mode(text: PythonText): RepeatMode {
  if (text.take('?')) return 'lazy';
  return text.take('+') ? 'possessive' : 'greedy';
}
