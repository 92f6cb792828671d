/**
 * Text of a log, a label, a client or a file for people's eyes: what moves a terminal's cursor, turns its writing
 * round or cannot be seen at all stands there by its number, such as `\x1b` or `\u{202e}`. So do line ends and tabs.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Controls, formats (the direction marks among them), halves of characters, line ends, and what no font draws. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** JSON in which no character reaches a terminal that `printable` would not let through. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
