import type { Category } from './nodes.ts';
import type { PythonText } from './python-text.ts';

/** What an escape stands for, in a class as well as outside. */
export type Escape = { readonly code: number } | { readonly category: Category };

const controls: Readonly<Record<string, number>> = {
  a: 0x07,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
};
const hexadecimalDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const hexadecimal = '0123456789abcdefABCDEF';
const octal = '01234567';

/** @param token the backslash and what follows it, which are read; it stood at `at` */
export function readEscape(text: PythonText, token: string, at: number): Escape {
  const letter = token.slice(1);
  if (isCategory(letter)) return { category: letter };
  const control = controls[letter];
  if (control !== undefined) return { code: control };
  const digits = hexadecimalDigits[letter];
  if (digits !== undefined) return { code: hexadecimalCode(text, digits, at) };
  if (letter === 'N')
    text.fail('characters cannot be named by \\N{…} here; write their number, such as \\u2014', at);
  if (/^[0-9A-Za-z]$/.test(letter)) text.fail(`the escape "${token}" means nothing to Python`, at);
  return { code: letter.codePointAt(0) ?? 0 };
}

/** Up to three octal digits of which `first` is read. */
export function octalCode(text: PythonText, first: string, at: number): number {
  const code = Number.parseInt(first + text.takeSome(octal, 3 - first.length), 8);
  if (code > 0o377) text.fail('an octal escape ends at \\377', at);
  return code;
}

export function isOctal(token: string): boolean {
  return /^[0-7]$/.test(token);
}

function hexadecimalCode(text: PythonText, digits: number, at: number): number {
  const taken = text.takeSome(hexadecimal, digits);
  if (taken.length < digits) text.fail(`this escape needs ${digits} hexadecimal digits`, at);
  const code = Number.parseInt(taken, 16);
  if (code > 0x10ffff) text.fail('characters end at \\U0010ffff', at);
  return code;
}

function isCategory(letter: string): letter is Category {
  return /^[wWdDsS]$/.test(letter);
}
