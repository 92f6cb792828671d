/** What Python's str.isspace() takes for white space; JavaScript's own list is another. */
const space = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;

const leading = new RegExp(`^${space}+`);
const one = new RegExp(space);
const comment = new RegExp(`(?:^|${space});`);

/** Python's str.strip(). */
export function strip(text: string): string {
  return text.slice(indentOf(text), endOf(text));
}

/** How many characters of white space a text begins with. */
export function indentOf(text: string): number {
  return leading.exec(text)?.[0].length ?? 0;
}

/** Where the white space that ends a text begins. Not by an expression, which would look at each run of it again and again. */
function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && one.test(text.charAt(end - 1))) end -= 1;
  return end;
}

/** Where the comment within a line begins: at a semicolon that white space, or nothing, stands before. */
export function commentStart(line: string): number | null {
  const match = comment.exec(line);
  return match === null ? null : match.index + match[0].length - 1;
}
