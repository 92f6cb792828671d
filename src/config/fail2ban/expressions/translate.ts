import { messageOf } from '../../../core/errors.ts';
import type { ExpressionGroup } from '../../../core/fail2ban-filter.ts';
import { meaningsOf } from './meanings.ts';
import { expressionError } from './python-text.ts';
import { readExpression } from './reader.ts';
import { categoryText } from './sets.ts';
import { expandTags } from './tags.ts';
import { writeExpression } from './writer.ts';

export interface TranslationOptions {
  /** `usedns` is not `no`: `<HOST>` may be a name. */
  readonly names: boolean;
  /** `maxlines` is above 1, and this is a failregex: `^` and `$` stand for every line's. */
  readonly multiline: boolean;
}

/** A fail2ban expression in JavaScript. */
export interface Translation {
  readonly source: string;
  /** Case is never left to the engine, so an expression that ignores it is compiled like all others. */
  readonly flags: 'u';
  readonly groups: readonly ExpressionGroup[];
}

/** The longest of fail2ban's own has 2,321 characters; what is written of one grows with it. */
const longestExpression = 65_536;

const visible = new RegExp(categoryText('S', false), 'u');

/**
 * Translates a failregex, ignoreregex or prefregex, which finds the same in every text as it does in Python 3.11, in the
 * same place and with the same groups. Characters are those of this runtime's version of Unicode.
 * @throws BailiffError filter-invalid, with the place in the expression: Python refuses it, or JavaScript cannot
 *   express it
 */
export function translate(expression: string, { names, multiline }: TranslationOptions): Translation {
  if (expression.length > longestExpression)
    throw expressionError('the expression is longer than 64 kB', longestExpression);
  const expanded = expandTags(expression, names);
  if (!visible.test(expanded.text)) throw expressionError('the expression is empty', 0);
  const { source, groups } = writeExpression(readExpression(expanded, multiline));
  checked(source);
  return { source, flags: 'u', groups: meaningsOf(groups) };
}

/** What JavaScript refuses is beyond its limits. */
function checked(source: string): void {
  try {
    new RegExp(source, 'u');
  } catch (thrown) {
    throw expressionError(`the expression cannot be translated: ${messageOf(thrown)}`, 0);
  }
}
