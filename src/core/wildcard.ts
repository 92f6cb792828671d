/**
 * Whether a text is what a pattern with `*` (any characters, or none) and `?` (any one) means. Takes a time in
 * proportion to the two lengths multiplied, whatever stands in them.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  /** The last star, and where what it stands for ends so far: all that ever has to be tried again. */
  let star = -1;
  let starEnd = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      starEnd = at;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === text[at]) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++starEnd;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
