import { editDistance, nearest } from '../suggest.ts';

/** More letters than these make another word: fail2ban's files have many words of their own. */
const mostSlips = 2;

/** The name that another is a slip of the pen for, or null. */
export function slipOf(name: string, names: readonly string[]): string | null {
  const meant = nearest(name, names);
  return meant !== null && editDistance(name, meant) <= mostSlips ? meant : null;
}
