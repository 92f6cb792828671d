/** The wait after the first failure, and the longest of all, in ms. */
const firstMs = 2_000;
const longestMs = 5 * 60_000;
/** A server may ask for more patience than that, but not for any: in ms. */
const mostAskedMs = 60 * 60_000;

/**
 * How long to wait after so many failures in a row, in ms: twice as long each time, up to five minutes, less up to a
 * fifth by chance, so that not everybody knocks at once where a server comes back. `askedMs`: what the server asked for.
 */
export function backOff(failures: number, askedMs = 0, random: () => number = Math.random): number {
  const doubled = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(Math.max(doubled * (1 - random() / 5), Math.min(askedMs, mostAskedMs)));
}
