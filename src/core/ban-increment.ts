import { type Formula, parseFormula } from './ban-formula.ts';
import { longestSpan } from './duration.ts';

/** How the bans of somebody who comes back grow: fail2ban's `bantime.increment` and what goes with it, and two options of our own. */
export interface BanIncrement {
  readonly enabled: boolean;
  /** Seconds of the first ban, of the second and so on, the last goes on; null: for ever. None: formula or multipliers. */
  readonly times: readonly (number | null)[];
  /** Expressions: see ban-formula.ts. */
  readonly factor: string;
  readonly formula: string;
  /** In place of the formula; the last one goes on. None: the formula. */
  readonly multipliers: readonly number[];
  /** Seconds; null: no limit. */
  readonly maxtime: number | null;
  /** Seconds of which a part by chance is added, so that nobody can tell when it ends. */
  readonly rndtime: number;
  /** Whether bans of the address in other jails count too. */
  readonly overalljails: boolean;
  /** Seconds after the end of its last ban in which nobody bans it again, and it begins from nothing. */
  readonly forget: number;
}

/** fail2ban's: twice as long each time. */
export const usualFormula = 'ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor';

/** Seconds: fail2ban's, too (dbpurgeage). */
export const usualForget = 86_400;

/** Every ban is as long as the first. */
export const noIncrement: BanIncrement = {
  enabled: false,
  times: [],
  factor: '1',
  formula: usualFormula,
  multipliers: [],
  maxtime: null,
  rndtime: 0,
  overalljails: false,
  forget: usualForget,
};

/** Shifts in fail2ban's rule for known offenders go no further. */
const mostDoublings = 20;

/** The ban times of one jail. */
export class BanTimes {
  readonly increment: BanIncrement;
  readonly #formula: Formula;
  readonly #factor: number;
  readonly #random: () => number;

  /** `random` gives 0 to 1. @throws SyntaxError for a formula that cannot be read */
  constructor(increment: BanIncrement, random: () => number = Math.random) {
    this.increment = increment;
    this.#formula = parseFormula(increment.formula);
    this.#factor = parseFormula(increment.factor)({ time: 0, count: 0, factor: 1 });
    this.#random = random;
  }

  /** Seconds of the ban that follows so many. `bantime` is the jail's, in seconds; null is for ever. */
  after(count: number, bantime: number | null): number | null {
    const { enabled, maxtime, rndtime } = this.increment;
    if (!enabled) return bantime;
    const usual = this.#usual(Math.max(0, count), bantime);
    if (count <= 0) return usual;
    // A limit is one for what lasts for ever, too, where the list has come to that; a jail's own bantime it does not touch.
    if (usual === null && (maxtime === null || bantime === null)) return null;
    const grown = Math.min(usual ?? longestSpan, maxtime ?? longestSpan);
    return Math.min(grown + this.#random() * rndtime, longestSpan);
  }

  /** As how many attempts one of somebody counts who was banned so often: 2, 3, 5, 9 and so on, as in fail2ban. */
  attemptsAfter(count: number, maxretry: number): number {
    if (!this.increment.enabled || count <= 0) return 1;
    return Math.max(1, Math.min(2 ** Math.min(count, mostDoublings) / 2 + 1, maxretry));
  }

  #usual(count: number, bantime: number | null): number | null {
    const { times } = this.increment;
    const listed = times[Math.min(count, times.length - 1)];
    if (listed !== undefined) return listed;
    return bantime === null || count === 0 ? bantime : this.#grown(count, bantime);
  }

  #grown(count: number, bantime: number): number {
    const { multipliers } = this.increment;
    const multiplier = multipliers[count] ?? multipliers.at(-1);
    if (multiplier !== undefined) return sound(bantime * this.#factor * multiplier, bantime);
    const grown = this.#formula({ time: bantime, count, factor: this.#factor });
    return Math.max(bantime, sound(grown, bantime));
  }
}

/** What makes no sense leaves the ban as it is; what is too long is cut by the caller. */
function sound(seconds: number, otherwise: number): number {
  return Number.isNaN(seconds) || seconds <= 0 ? otherwise : seconds;
}
