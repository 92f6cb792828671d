const decimal = /\p{Nd}/u;

/** The text with the decimal digits of all scripts as ASCII's: Python's `\d` matches them, and its `int` reads them. */
export function asciiDigits(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (character) =>
    decimal.test(character) ? String(digitValue(character.codePointAt(0) ?? 0)) : character,
  );
}

/** Digits stand in runs of tens that begin with a zero (Unicode Standard, 4.6). */
function digitValue(code: number): number {
  let before = 0;
  while (decimal.test(String.fromCodePoint(code - before - 1))) before++;
  return before % 10;
}
