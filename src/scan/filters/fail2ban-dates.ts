import { copied } from '../../core/batch.ts';
import type { DateTemplate } from '../../core/date-template.ts';
import type { LineDate } from './dates.ts';
import {
  areAlike,
  areBounds,
  boundsAt,
  charactersOf,
  type DateBounds,
  isWide,
  noBounds,
  unitsOf,
} from './fail2ban-date-bounds.ts';
import {
  DateRanking,
  type DateSearch,
  dateExpression,
  type RankedTemplate,
} from './fail2ban-date-ranking.ts';
import { fail2banTime } from './fail2ban-date-values.ts';
import { Zone } from './zone.ts';

export interface Fail2banDateOptions {
  /** An IANA name; the machine's own where absent. */
  readonly timeZone?: string | undefined;
  /** fail2ban's `logtimezone`, in minutes ahead of UTC: of dates that name no zone. */
  readonly logMinutes?: number | null | undefined;
}

/** Looks for templates without anybody who minds how long that takes: for those that come to an end on every text. */
export function plainSearch(template: DateTemplate): DateSearch {
  const regexp = dateExpression(template);
  return {
    template,
    find: (text, from) => {
      regexp.lastIndex = from;
      return regexp.exec(text);
    },
  };
}

/** A match in a line; `from` and `to` in characters, as Python counts them, since lines are compared with each other. */
interface Found {
  readonly ranked: RankedTemplate;
  readonly place: number;
  readonly match: RegExpExecArray;
  readonly from: number;
  readonly to: number;
  /** It was looked for at the last date's place alone, and takes all of it. */
  readonly here: boolean;
}

/** What lines have in common in which the same date is found at the same place. */
interface Known {
  readonly text: string;
  readonly at: number;
  readonly second: number;
  readonly date: LineDate;
}

/** Characters behind a date that may decide where it ends; beyond, it is searched for in every line. */
const furthestSight = 8;

/**
 * Finds the dates of one log's lines as fail2ban does: with several templates, the one that hit last first, in an order
 * that changes with their hits.
 *
 * As in fail2ban, a date is what looks like one. A template that is not anchored takes it anywhere in a line, and with
 * that from what a client wrote: it can then hold a line's time away from the true one, and have a part of its own text
 * cut out. What fail2ban has against that is here too: a template that stood elsewhere before is believed only if no
 * other one matches nearer to the beginning, and copies of the default ones that are bound to the beginning come first.
 * Filters whose `datepattern` is bound to the line's beginning are not concerned.
 *
 * It differs in two ways. Of a time that the clock shows twice fail2ban takes the one of the season in which it last read
 * a time, and this the later one that is not ahead. And where fail2ban fails on a line (an abbreviation of no zone, a day
 * without a month) and judges it not at all, this gives no time.
 *
 * What is learned is kept over a restart, with which fail2ban forgets it: where a line holds several dates, it decides which
 * one counts.
 */
export class Fail2banDates {
  #ranking: DateRanking;
  readonly #searches: readonly DateSearch[];
  readonly #zone: Zone;
  readonly #logMinutes: number | null;
  #bounds: DateBounds = noBounds;
  #known: Known | null = null;

  /** @throws RangeError for an unknown time zone */
  constructor(searches: readonly DateSearch[], { timeZone, logMinutes }: Fail2banDateOptions = {}) {
    this.#searches = searches;
    this.#ranking = new DateRanking(searches);
    this.#zone = new Zone(timeZone);
    this.#logMinutes = logMinutes ?? null;
  }

  get form(): string {
    return this.#ranking.last?.template.name ?? '';
  }

  /**
   * What is cut out of a line, and its time in seconds; null where there is no date. The time is null where the date
   * is none of a calendar, and where `start` is `end`: then the pattern found its place and no date there. fail2ban judges
   * the line at the last date's time, or now. `now` is in seconds.
   */
  find(line: string, now: number): LineDate | null {
    const second = Math.floor(now);
    const known = this.#known;
    if (known !== null && known.second === second && isKnown(known, line)) {
      this.#ranking.hitAgain(now);
      return known.date;
    }
    const wide = isWide(line);
    const found = this.#search(line, wide);
    if (found === null) return null;
    this.#ranking.hit(found.place, found.from, now);
    this.#bounds = boundsAt(line, found.from, found.to, wide);
    const { reading } = found.ranked;
    const date = this.#dateOf(found, now);
    // A date that comes once more will do so again.
    this.#known = wide || reading !== found.ranked.reading ? null : knownOf(found, line, date, second);
    return date;
  }

  learned(): unknown {
    return this.#ranking.last === undefined
      ? null
      : { ranking: this.#ranking.learned(), bounds: this.#bounds };
  }

  recall(learned: unknown): void {
    const { ranking, bounds } = (learned ?? {}) as { readonly ranking?: unknown; readonly bounds?: unknown };
    const known = DateRanking.recalled(this.#searches, ranking);
    if (known === null || !areBounds(bounds)) return;
    this.#ranking = known;
    this.#bounds = bounds;
  }

  #dateOf(found: Found, now: number): LineDate {
    const [start, end] = cutOf(found);
    return { time: start === end ? null : this.#timeOf(found, now), start, end };
  }

  #timeOf({ ranked, match }: Found, now: number): number | null {
    const { template, reading } = ranked;
    const text = match[template.cutHoldsValue ? template.cut : 0] ?? '';
    const second = Math.floor(now);
    if (reading?.second === second && reading.text === text) return reading.time;
    const time = fail2banTime(template, match, { zone: this.#zone, logMinutes: this.#logMinutes, now });
    ranked.reading = { text: copied(text, 0, text.length), second, time };
    return time;
  }

  #search(line: string, wide: boolean): Found | null {
    const { last, lastPlace, all } = this.#ranking;
    let reserve: Found | null = null;
    let tried = -1;
    if (last !== undefined) {
      const here = !last.template.anchored && this.#isAlike(line, wide);
      const found = here ? this.#matchHere(last, lastPlace, line, wide) : match(last, lastPlace, line, wide);
      if (found !== null && this.#isExpected(found)) return found;
      reserve = found;
      if (!here) tried = lastPlace;
    }
    for (let place = 0; place < all.length; place++) {
      const ranked = all[place];
      const found = ranked === undefined || place === tried ? null : match(ranked, place, line, wide);
      if (found === null) continue;
      if (this.#isWinner(found)) return found;
      if (reserve === null || found.from < reserve.from) reserve = found;
    }
    return reserve;
  }

  /** Another place than the last may mean that a client's text was found. */
  #isExpected({ ranked, from, to }: Found): boolean {
    const { from: lastFrom, to: lastTo } = this.#bounds;
    return this.#ranking.all.length === 1 || ranked.template.anchored || (from === lastFrom && to === lastTo);
  }

  /** What is no further from the beginning than before, or can stand nowhere else. */
  #isWinner({ ranked, place, from }: Found): boolean {
    const next = this.#ranking.all[place + 1];
    if (next === undefined || ranked.template.anchored) return true;
    if (from === 0 && ranked.hits > 0 && next.matches === 0) return true;
    return from <= ranked.distance && from <= this.#bounds.from;
  }

  #isAlike(line: string, wide: boolean): boolean {
    const { from, to } = this.#bounds;
    return areAlike(boundsAt(line, from, to, wide), this.#bounds);
  }

  #matchHere(last: RankedTemplate, place: number, line: string, wide: boolean): Found | null {
    const { from, to } = this.#bounds;
    const found = match(last, place, line.slice(0, wide ? unitsOf(line, to) : to), wide, from);
    return found === null ? null : { ...found, here: found.from === from && found.to === to };
  }
}

function match(
  ranked: RankedTemplate,
  place: number,
  text: string,
  wide: boolean,
  from?: number,
): Found | null {
  const found = ranked.find(text, from === undefined ? 0 : wide ? unitsOf(text, from) : from);
  if (found === null) return null;
  ranked.matches++;
  const end = found.index + found[0].length;
  return {
    ranked,
    place,
    match: found,
    from: wide ? charactersOf(text, found.index) : found.index,
    to: wide ? charactersOf(text, end) : end,
    here: false,
  };
}

function cutOf({ ranked: { template }, match }: Found): readonly [start: number, end: number] {
  const text = match[template.cut];
  if (text === undefined) return [0, 0];
  if (!template.cutEndsMatch) return match.indices?.[template.cut] ?? [0, 0];
  const end = match.index + match[0].length;
  return [end - text.length, end];
}

function isKnown({ text, at }: Known, line: string): boolean {
  return line.startsWith(text, at) && (at === 0 || !isWide(line.slice(0, at)));
}

/**
 * Of an anchored template, the beginning of the line up to where nothing can matter any more. Others are looked for at the
 * last date's place, between its neighbours: only what was found in that way is known to be found again.
 */
function knownOf(found: Found, line: string, date: LineDate, second: number): Known | null {
  const { ranked, from, to, here } = found;
  const text = (start: number, end: number): Known => {
    // A copy: a slice would keep the whole chunk alive.
    return { text: copied(line, start, end), at: start, second, date };
  };
  if (!ranked.template.anchored) {
    const end = to + 1;
    return here && !ranked.template.looksBack && end <= line.length ? text(Math.max(0, from - 1), end) : null;
  }
  const { sight } = ranked;
  for (let end = to + 1; sight !== null && end <= Math.min(line.length, to + furthestSight); end++)
    if (!sight.test(line.slice(0, end))) return text(0, end);
  return null;
}
