import type { Status } from '../control/protocol.ts';

// What the daemon warns of comes in sentences; which check explains one is told by its words. A test holds
// them against those who write them.

const skew = /(?:^|; )(its times are \S.*? (?:behind|ahead of) the clock\b.*)$/s;
const masked = /source masked: .*? says how to have the client logged behind [^;]*(?:; |$)/gs;

/** That a log's dates are constantly off the clock, out of what its source warns of; or null. */
export function skewIn(warning: string | null): string | null {
  return skew.exec(warning ?? '')?.[1] ?? null;
}

/** What a source warns of beside that, and beside clients that are hidden, which are findings; or null. */
export function otherwise(warning: string | null): string | null {
  return (warning ?? '').replace(skew, '').replace(masked, '').replace(/; $/, '') || null;
}

export function tellsOfIneffectiveBan(warning: string): boolean {
  return / is banned by .* and yet .* more hits: |^\d+ more bans keep nobody out$/.test(warning);
}

const unstored = 'bans cannot be stored: ';
const explained = ['bans are not enforced: ', 'not everything is filtered here: ', unstored];

/** Why the daemon cannot write its database; null: it can. */
export function storageProblem({ problems }: Status): string | null {
  return problems.find((text) => text.startsWith(unstored)) ?? null;
}

/** Problems that are not of enforcement and not of storage: those checks have them. */
export function otherProblems({ problems }: Status): string[] {
  return problems.filter((text) => !explained.some((beginning) => text.startsWith(beginning)));
}

/** Warnings that are no source's, no jail's, no label's and of no ban: those checks have their own findings. */
export function otherWarnings({ warnings, sources, labels }: Status): string[] {
  const beginnings = [
    ...sources.flatMap(({ id }) => [`${id}: `, `${id} is not read: `]),
    ...labels.flatMap(({ errors }) => errors.map(({ where, message }) => `${where}: ${message}`)),
  ];
  return warnings.filter(
    (text) =>
      !tellsOfIneffectiveBan(text) &&
      !/^jail \S+ reads nothing: |^\d+ more labels are not heeded$/.test(text) &&
      !beginnings.some((beginning) => text.startsWith(beginning)),
  );
}
