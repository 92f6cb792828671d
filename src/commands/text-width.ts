/** Marks that stand on the character before them. */
const marks = /\p{M}/u;
/** What terminals draw two columns wide: East Asian wide and full-width characters (Unicode's UAX 11), and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** The columns that a printable text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The text, or as much of it as has room in so many columns, with an ellipsis where something is missing. */
export function cutText(text: string, columns: number): string {
  if (text.length * 2 <= columns || textWidth(text) <= columns) return text;
  let width = 1;
  let cut = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    cut += character;
  }
  return `${cut}…`;
}

function characterWidth(character: string): 0 | 1 | 2 {
  if (character <= '~') return 1;
  if (marks.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
