/**
 * Text of a log, a label, a client or a file for people's eyes: what moves a terminal's cursor, turns its writing
 * round or cannot be seen at all stands there by its number, such as `\x1b` or `\u{202e}`. So do line ends and tabs.
 */
export function printable(text: string): string {
  return text.replace(unprintable, byNumber);
}

/** The same for a text of several lines: a line that follows is indented, so that none passes for one of its own. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n    ');
}

/** Controls, formats (the direction marks among them), halves of characters, line ends, and what no font draws. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function byNumber(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** JSON in which no character reaches a terminal that `printable` would not let through. It means the same. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/**
 * A line of JSON whose texts hold no such character either once they are read: for logs, which people look at through
 * programs that print what JSON has escaped. Line ends and tabs stay what they are.
 */
export function printableJson(line: string): string {
  return line
    .replace(/\\(?:u[0-9a-f]{4}|.)/gi, (escaped) => {
      const hidden = escaped === '\\n' || escaped === '\\t' ? null : unprintableOf(escaped);
      return hidden === null ? escaped : `\\${byNumber(hidden)}`;
    })
    .replace(unprintable, (character) => (character === '\n' ? character : `\\${byNumber(character)}`));
}

/** What JSON's escape stands for, where that cannot be printed. */
function unprintableOf(escaped: string): string | null {
  const text = String(JSON.parse(`"${escaped}"`));
  return printable(text) === text ? null : text;
}
