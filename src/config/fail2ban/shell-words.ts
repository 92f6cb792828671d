/**
 * The words of a line as a POSIX shell would split them, without expanding anything; null where a quote is not
 * closed, or a backslash ends the line. A `#` begins no comment.
 */
export function shellWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (/[ \t\r\n]/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    const part = partAt(line, at);
    if (part === null) return null;
    word = (word ?? '') + part.text;
    at = part.last;
  }
  return word === null ? words : [...words, word];
}

/** A quoted part, an escaped character or a plain one; `last` is its last character. */
function partAt(line: string, at: number): { text: string; last: number } | null {
  const character = line.charAt(at);
  if (character === '\\') return at + 1 < line.length ? { text: line.charAt(at + 1), last: at + 1 } : null;
  if (character !== '"' && character !== "'") return { text: character, last: at };
  const expression = character === "'" ? /'([^']*)'/y : /"((?:[^"\\]|\\.)*)"/sy;
  expression.lastIndex = at;
  const match = expression.exec(line);
  if (match === null) return null;
  const inner = match[1] ?? '';
  const text = character === "'" ? inner : inner.replaceAll(/\\(["\\])/g, '$1');
  return { text, last: at + match[0].length - 1 };
}
