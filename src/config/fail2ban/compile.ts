import type { DateTemplate } from '../../core/date-template.ts';
import { BailiffError } from '../../core/errors.ts';
import type { Fail2banExpression, Fail2banFilterDefinition } from '../../core/fail2ban-filter.ts';
import { readDatePattern } from './dates/date-pattern.ts';
import { translate } from './expressions/translate.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import type { SourcedText } from './traced-text.ts';
import type { Fail2banFilter } from './types.ts';

/** A line of a `datepattern` whose dates reach into no word. */
const usualLine = /^[ \t]*(?:\{DEFAULT\}|\{\^LN-BEG\}(?:TAI64N|L?EPOCH)?)?[ \t]*$/i;

/** fail2ban's own filters have 33 at most, and each is tried on every line that comes so far. */
const mostExpressions = 1_000;

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
    const { source, groups } = placed(expression.at, 'expression', () =>
      translate(expression.text, { names, multiline: lines }),
    );
    return { source, groups, where: `${file}:${line}` };
  };
  const compileAll = (expressions: readonly SourcedText[]): Fail2banExpression[] => {
    const further = expressions[mostExpressions];
    if (further !== undefined)
      throw problemAt(further.at, `there are more than ${mostExpressions} expressions`, 'Join some of them.');
    return expressions.map((each) => compile(each, multiline));
  };
  return {
    kind: 'fail2ban',
    name: filter.name,
    description: `fail2ban's ${filter.name}`,
    samples: [],
    file: filter.file,
    prefix: filter.prefRegex === null ? null : compile(filter.prefRegex, false),
    expressions: compileAll(filter.failRegex),
    ignore: compileAll(filter.ignoreRegex),
    maxLines,
    usualDates: (filter.datePattern?.text ?? '').split('\n').every((line) => usualLine.test(line)),
    dates: datesOf(filter.datePattern),
  };
}

function datesOf(pattern: SourcedText | null): readonly DateTemplate[] {
  const thisYear = new Date().getFullYear();
  if (pattern === null) return readDatePattern(null, thisYear);
  return placed(pattern.at, 'datepattern', () => readDatePattern(pattern.text, thisYear));
}

/** What is wrong within an expression, with the file and the line that it stands in. */
function placed<Made>(at: Place, what: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof BailiffError)) throw error;
    const { where, message, remedy } = error;
    const within = where === undefined ? '' : `, ${where}`;
    throw problemAt(at, `${what}${within}: ${message}`, remedy ?? `Correct the ${what}, or take it out.`);
  }
}
