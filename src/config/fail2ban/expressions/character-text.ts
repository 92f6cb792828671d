/**
 * A character as the scanner's own reader of expressions takes it for text: printable ones stand for themselves, so
 * that literals are found in what is written here.
 */
export function characterText(code: number): string {
  const character = String.fromCodePoint(code);
  return /[$()*+./?[\\\]^{|}]/.test(character) ? `\\${character}` : escapedControl(code, character);
}

/** A character in a class. */
export function memberText(code: number): string {
  const character = String.fromCodePoint(code);
  return /[\\\]^[-]/.test(character) ? `\\${character}` : escapedControl(code, character);
}

function escapedControl(code: number, character: string): string {
  if (code === 0x0a) return '\\n';
  if (code === 0x09) return '\\t';
  if (/[\p{C}\p{Z}]/u.test(character) && character !== ' ') return `\\u{${code.toString(16)}}`;
  return character;
}
