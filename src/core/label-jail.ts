import { matchesWildcard } from './wildcard.ts';

/** Whether a jail is one that the labels of a single container, or of several, made: no configured one has such a name. */
export function isOfLabels(jail: string): boolean {
  return jail.includes('@');
}

/**
 * Whether the bans of a jail are among those that such patterns mean. Jails of labels are meant by patterns with an @
 * alone: who may start a container can have anybody banned from it, and must not have him banned elsewhere by that.
 */
export function meansBansOf(patterns: readonly string[], jail: string): boolean {
  const meant = isOfLabels(jail) ? patterns.filter(isOfLabels) : patterns;
  return meant.some((pattern) => matchesWildcard(pattern, jail));
}
