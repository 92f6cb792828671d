/** Longer names are not compared: they may come from a label. */
const longestCompared = 80;

/** The candidate that `name` was probably meant to be, or null where none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > longestCompared) return null;
  // One slip for every three letters: enough for a typing error, too few for another word.
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  let found: string | null = null;
  for (const candidate of candidates) {
    if (candidate.length > longestCompared) continue;
    const slips = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (slips < least) {
      least = slips;
      found = candidate;
    }
  }
  return found;
}

/**
 * Levenshtein's distance, with two swapped letters as one slip: the fewest letters to insert, drop,
 * replace or swap that make one text of the other.
 */
export function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped = from[row - 2] === to[column - 1] && from[row - 1] === to[column - 2];
      const swap = swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swap, at(row - 1, column) + 1, at(row, column - 1) + 1));
    }
  }
  return at(from.length, to.length);
}
