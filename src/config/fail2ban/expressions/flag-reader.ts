import type { Flags } from './nodes.ts';
import type { PythonText } from './python-text.ts';

/** Flags for the whole expression, or for what stands in the group that they open. */
export interface FlagChange {
  readonly scoped: boolean;
  readonly flags: Flags;
}

/** Reads `i)`, `i:`, `i-s:` or `-i:` behind `(?`; its first token is `first`, which is read and stood at `at`. */
export function readFlags(text: PythonText, before: Flags, first: string, at: number): FlagChange {
  const on = first === '-' ? '' : first + lettersTo(text, '):-');
  checkOn(text, on, at);
  const end = first === '-' ? '-' : text.next();
  if (end === ')') return { scoped: false, flags: changed(before, on, '') };
  if (end === ':') return { scoped: true, flags: changed(before, on, '') };
  const off = lettersTo(text, ':');
  if (off === '') text.fail('a flag is missing behind "-"');
  if (/[auL]/.test(off)) text.fail('the flags "a", "u" and "L" cannot be turned off', at);
  if ([...off].some((flag) => on.includes(flag))) text.fail('a flag is both turned on and off', at);
  text.next();
  return { scoped: true, flags: changed(before, on, off) };
}

export function isFlag(token: string): boolean {
  return /^[aiLmsux]$/.test(token);
}

function lettersTo(text: PythonText, ends: string): string {
  let letters = '';
  while (text.ahead === '' || !ends.includes(text.ahead)) {
    const flag = text.ahead;
    if (!isFlag(flag))
      text.fail(flag === '' ? 'this group lacks its end' : `"${flag}" is no flag of Python's`);
    letters += text.next();
  }
  return letters;
}

function checkOn(text: PythonText, on: string, at: number): void {
  if (on.includes('L')) text.fail('the flag "L" is for bytes alone, and logs are read as text', at);
  if (on.includes('a') && on.includes('u')) text.fail('the flags "a" and "u" exclude each other', at);
}

function changed(before: Flags, on: string, off: string): Flags {
  const now = (letter: string, was: boolean): boolean =>
    (was || on.includes(letter)) && !off.includes(letter);
  return {
    ignoreCase: now('i', before.ignoreCase),
    multiline: now('m', before.multiline),
    dotAll: now('s', before.dotAll),
    verbose: now('x', before.verbose),
    ascii: now('a', before.ascii) && !on.includes('u'),
  };
}
