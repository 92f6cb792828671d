/** One line of sshd_config(5) that says something. */
export interface SshdLine {
  /** In lower case, as written otherwise. */
  readonly keyword: string;
  readonly values: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** The keyword may stand in quotes, and an equals sign may follow it. */
const form = /^[ \t]*"?(\w+)"?(?:[ \t]*=|[ \t]|$)(.*)$/;
/** In quotes, which may hold blanks and escaped quotes; else up to a blank. `#` begins a comment. */
const value = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(#.*)|([^\s"'#][^\s"']*)/g;

export function parseSshdLines(text: string): SshdLine[] {
  return text.split(/\r?\n/).flatMap((written, index) => {
    const [, keyword, rest = ''] = form.exec(written) ?? [];
    if (keyword === undefined) return [];
    return [{ keyword: keyword.toLowerCase(), values: valuesIn(rest), line: index + 1 }];
  });
}

function valuesIn(text: string): string[] {
  const values: string[] = [];
  for (const [, double, single, comment, bare] of text.matchAll(value)) {
    if (comment !== undefined) break;
    values.push(double ?? single ?? bare ?? '');
  }
  return values;
}
