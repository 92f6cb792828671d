/**
 * What a scan has learned of its log that decides how the lines to come are judged, beside the last date. It is stored in one
 * transaction with the place up to which the log was judged: a restart then judges as if there had been none.
 */
export interface Learned {
  /** The zone of dates that name none with which the skew was found; '': none was. */
  readonly zone: string;
  /** Seconds. @see core/skew.ts */
  readonly skew: number;
  /** By the filter's name. */
  readonly filters: Readonly<Record<string, LearnedByFilter>>;
}

interface LearnedByFilter {
  /** What its way of finding dates has learned. */
  readonly dates?: unknown;
  /** Lines that expressions over several lines may still need. */
  readonly lines?: unknown;
}

const nothingLearned: Learned = { zone: '', skew: 0, filters: {} };

/** '' where there is nothing to remember. */
export function formatLearned(learned: Learned): string {
  return learned.skew === 0 && Object.keys(learned.filters).length === 0 ? '' : JSON.stringify(learned);
}

/** What does not make sense, of another version for instance, counts as nothing: it is learned again. */
export function parseLearned(text: string | null | undefined): Learned {
  if (!text) return nothingLearned;
  try {
    const { zone, skew, filters } = JSON.parse(text) as Partial<Learned>;
    const known = typeof filters === 'object' && filters !== null ? filters : {};
    if (typeof zone !== 'string' || typeof skew !== 'number') return { ...nothingLearned, filters: known };
    return { zone, skew, filters: known };
  } catch {
    return nothingLearned;
  }
}
