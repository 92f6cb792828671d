import type { Clock } from '../core/types.ts';
import type { Restraint } from './filters/guarded.ts';
import type { ExpressionPlace } from './protocol.ts';

/** So many within so many seconds, and an expression is restrained. */
const mostOffences = 3;
const within = 600;
/** It is let off when it was quiet for this long, in seconds; each time it offends again then, for twice as long. */
const shortestRestraint = 600;
const longestRestraint = 86_400;

interface Record extends ExpressionPlace {
  /** Times of the last offences. */
  times: number[];
  restraint: Restraint | null;
  /** How long it must be quiet. */
  term: number;
}

/**
 * Expressions that did not come to an end, and what is done about them. None is ever switched off: it is run
 * under a time limit, or by the linear engine, and as it is written again when it was quiet for a while.
 */
export class Offences {
  readonly #clock: Clock;
  readonly #records = new Map<string, Record>();

  /** `clock`: one that is never set. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The expression did not come to an end. True: it must be restrained from now on. */
  add({ filter, expression }: ExpressionPlace): boolean {
    const now = this.#clock.now();
    const key = `${filter} ${expression}`;
    const record = this.#records.get(key) ?? { filter, expression, times: [], restraint: null, term: 0 };
    this.#records.set(key, record);
    record.times = [...record.times, now].slice(-mostOffences);
    if (record.restraint !== null) return false;
    const repeated = record.times.length === mostOffences && now - (record.times[0] ?? now) <= within;
    // Once it was restrained, it has one chance.
    if (!repeated && record.term === 0) return false;
    record.term = Math.min(longestRestraint, record.term === 0 ? shortestRestraint : record.term * 2);
    record.restraint = 'linear';
    return true;
  }

  /** What the restraint came to in the worker. True: that is news. */
  came({ filter, expression }: ExpressionPlace, restraint: Restraint): boolean {
    const record = this.#records.get(`${filter} ${expression}`);
    if (record === undefined || record.restraint === null || record.restraint === restraint) return false;
    record.restraint = restraint;
    return true;
  }

  /** Those that were quiet for long enough, and are let off. */
  letOff(): readonly ExpressionPlace[] {
    const now = this.#clock.now();
    const quiet = [...this.#records.values()].filter(
      ({ restraint, term, times }) => restraint !== null && now - (times.at(-1) ?? now) >= term,
    );
    for (const record of quiet) record.restraint = null;
    for (const [key, { restraint, times }] of this.#records)
      if (restraint === null && now - (times.at(-1) ?? now) >= longestRestraint * 2)
        this.#records.delete(key);
    return quiet;
  }

  /** Those that are not run as they are written. */
  restrained(): readonly (ExpressionPlace & { readonly restraint: Restraint })[] {
    return [...this.#records.values()].flatMap(({ filter, expression, restraint }) =>
      restraint === null ? [] : [{ filter, expression, restraint }],
    );
  }

  /** Whether anything has to be let off some day. */
  get any(): boolean {
    return this.#records.size > 0;
  }
}
