import { compileFail2banFilter } from '../../src/config/fail2ban/compile.ts';
import type { Fail2banFilterDefinition } from '../../src/core/fail2ban-filter.ts';

const at = { file: 'some.conf', line: 1 };

export interface FilterTexts {
  readonly name?: string;
  readonly failRegex: readonly string[];
  readonly prefRegex?: string;
  readonly datePattern?: string;
  readonly maxLines?: number;
}

/** A filter of fail2ban's with these expressions, written in line 1 of some.conf. */
export function fail2banFilter(texts: FilterTexts): Fail2banFilterDefinition {
  const { name = 'some', failRegex, prefRegex, datePattern, maxLines = null } = texts;
  const sourced = (text: string) => ({ text, at });
  const maybe = (text: string | undefined) => (text === undefined ? null : sourced(text));
  return compileFail2banFilter({
    name,
    file: at.file,
    given: new Map(),
    failRegex: failRegex.map(sourced),
    ignoreRegex: [],
    prefRegex: maybe(prefRegex),
    datePattern: maybe(datePattern),
    maxLines,
    useDns: null,
    journalMatch: [],
    options: new Map(),
  });
}
