import { messageOf } from '../../core/errors.ts';
import type { Fail2banExpression, Fail2banFilterDefinition } from '../../core/fail2ban-filter.ts';
import { readDatePattern } from './dates/date-pattern.ts';
import { translate } from './expressions/translate.ts';
import { problemAt } from './problem.ts';
import type { SourcedText } from './traced-text.ts';
import type { Fail2banFilter } from './types.ts';

const usualPattern = /^\s*(?:(?:\{DEFAULT\}|\{\^LN-BEG\})\s*)*$/i;

/**
 * Makes the filter of what filter.d says, with every expression translated.
 * @throws BailiffError fail2ban-invalid, with file and line of the first expression that is not valid
 */
export function compileFail2banFilter(filter: Fail2banFilter): Fail2banFilterDefinition {
  const names = filter.useDns !== 'no';
  const maxLines = filter.maxLines ?? 1;
  const multiline = maxLines > 1;
  const compile = (expression: SourcedText, lines: boolean): Fail2banExpression => {
    const { file, line } = expression.at;
    try {
      const { source, groups } = translate(expression.text, { names, multiline: lines });
      return { source, groups, where: `${file}:${line}` };
    } catch (error) {
      throw problemAt(expression.at, messageOf(error), 'Correct the expression, or take it out.');
    }
  };
  return {
    kind: 'fail2ban',
    name: filter.name,
    description: `fail2ban's ${filter.name}`,
    samples: [],
    file: filter.file,
    prefix: filter.prefRegex === null ? null : compile(filter.prefRegex, false),
    expressions: filter.failRegex.map((each) => compile(each, multiline)),
    ignore: filter.ignoreRegex.map((each) => compile(each, multiline)),
    maxLines,
    usualDates: usualPattern.test(filter.datePattern?.text ?? ''),
    dates: readDatePattern(filter.datePattern?.text ?? null, new Date().getFullYear()),
  };
}
