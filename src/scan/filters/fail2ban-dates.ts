import type { DateTemplate } from '../../core/date-template.ts';
import type { LineDate } from './dates.ts';
import { DateRanking, type RankedTemplate } from './fail2ban-date-ranking.ts';
import { fail2banTime } from './fail2ban-date-values.ts';
import { Zone } from './zone.ts';

export interface Fail2banDateOptions {
  /** An IANA name; the machine's own where absent. */
  readonly timeZone?: string | undefined;
  /** fail2ban's `logtimezone`, in minutes ahead of UTC: of dates that name no zone. */
  readonly logMinutes?: number | null | undefined;
}

/** A match in a line; places are counted in characters, as Python does, since lines are compared with each other. */
interface Found {
  readonly place: number;
  readonly match: RegExpExecArray;
  readonly from: number;
  readonly to: number;
  /** It was looked for at the last date's place alone. */
  readonly here: boolean;
}

/** Where the last date stood, and the characters on both sides of its ends; `''` at the line's. */
interface Bounds {
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly first: string;
  readonly final: string;
  readonly after: string;
}

const noBounds: Bounds = { from: 1, to: 0x7fffffff, before: '', first: '', final: '', after: '' };

/** Characters of two code units. */
const pairs = /[\ud800-\udbff][\udc00-\udfff]/;
const alphanumeric = /[\p{L}\p{N}]/u;

/**
 * Finds the dates of one log's lines as fail2ban does: with several templates, the one that hit last first, in an order
 * that changes with their hits.
 *
 * As in fail2ban, a date is what looks like one. A template that is not anchored takes it anywhere in a line, and with
 * that from what a client wrote: it can then hold a line's time away from the true one, and have a part of its own text cut
 * out. What fail2ban has against that is here too: a template that stood elsewhere before is believed only if no other
 * one matches nearer to the beginning, and copies of the default ones that are bound to the beginning come first. Filters
 * whose `datepattern` is bound to the line's beginning are not concerned.
 *
 * What is learned is not stored. fail2ban forgets it with every restart, and it matters only where a line holds several
 * dates.
 */
export class Fail2banDates {
  readonly #ranking: DateRanking;
  readonly #zone: Zone;
  readonly #logMinutes: number | null;
  #bounds = noBounds;

  /** @throws RangeError for an unknown time zone */
  constructor(templates: readonly DateTemplate[], { timeZone, logMinutes }: Fail2banDateOptions = {}) {
    this.#ranking = new DateRanking(templates);
    this.#zone = new Zone(timeZone);
    this.#logMinutes = logMinutes ?? null;
  }

  /**
   * What is cut out of a line, and its time in seconds; null where there is no date. The time is null where the date
   * is none of a calendar, and where `start` is `end`: then the pattern found its place and no date there. fail2ban judges
   * the line at the last date's time, or now. `now` is in seconds.
   */
  find(line: string, now: number): LineDate | null {
    const wide = pairs.test(line);
    const found = this.#search(line, wide);
    if (found === null) return null;
    const { template } = this.#ranked(found);
    this.#ranking.hit(found.place, found.from, now);
    this.#bounds = boundsOf(line, found, wide);
    const [start, end] = cutOf(template, found.match);
    if (start === end) return { time: null, start, end };
    const context = { zone: this.#zone, logMinutes: this.#logMinutes, now };
    return { time: fail2banTime(template, found.match, context), start, end };
  }

  #ranked({ place }: Found): RankedTemplate {
    const ranked = this.#ranking.all[place];
    if (ranked === undefined) throw new RangeError(`no template ${place}`);
    return ranked;
  }

  #search(line: string, wide: boolean): Found | null {
    const { last, all } = this.#ranking;
    let reserve: Found | null = null;
    let tried: RankedTemplate | null = null;
    if (last !== undefined) {
      const here = !last.template.anchored && this.#hasSameBounds(line, wide);
      const found = here ? this.#matchHere(last, line, wide) : match(last, all.indexOf(last), line, wide);
      if (found !== null && this.#isExpected(last, found)) return found;
      reserve = found;
      if (!here) tried = last;
    }
    for (const [place, ranked] of all.entries()) {
      if (ranked === tried) continue;
      const found = match(ranked, place, line, wide);
      if (found === null) continue;
      if (this.#isWinner(ranked, found)) return found;
      if (reserve === null || found.from < reserve.from) reserve = found;
    }
    return reserve;
  }

  /** Another place than the last may mean that a client's text was found. */
  #isExpected({ template }: RankedTemplate, { from, to }: Found): boolean {
    const { from: lastFrom, to: lastTo } = this.#bounds;
    return this.#ranking.all.length === 1 || template.anchored || (from === lastFrom && to === lastTo);
  }

  /** What is nearer to the beginning than before, or can only stand there. */
  #isWinner(ranked: RankedTemplate, { place, from }: Found): boolean {
    const next = this.#ranking.all[place + 1];
    if (next === undefined || ranked.template.anchored) return true;
    if (from === 0 && ranked.hits > 0 && next.matches === 0) return true;
    return from <= ranked.distance && from <= this.#bounds.from;
  }

  /** Both sides of an end are looked at, of which one must be the same, and inside only what is no letter or digit. */
  #hasSameBounds(line: string, wide: boolean): boolean {
    const { from, to, before, first, final, after } = this.#bounds;
    const now = boundsAt(line, from, to, wide);
    return (
      (now.before === before || (now.first === first && isPunctuation(first))) &&
      (now.after === after || (now.final === final && isPunctuation(final)))
    );
  }

  #matchHere(last: RankedTemplate, line: string, wide: boolean): Found | null {
    const { from, to } = this.#bounds;
    const part = line.slice(0, wide ? unitsOf(line, to) : to);
    return match(last, this.#ranking.all.indexOf(last), part, wide, from);
  }
}

function match(
  ranked: RankedTemplate,
  place: number,
  text: string,
  wide: boolean,
  from?: number,
): Found | null {
  const { regexp } = ranked;
  regexp.lastIndex = from === undefined ? 0 : wide ? unitsOf(text, from) : from;
  const found = regexp.exec(text);
  if (found === null) return null;
  ranked.matches++;
  const end = found.index + found[0].length;
  return {
    place,
    match: found,
    from: wide ? charactersOf(text, found.index) : found.index,
    to: wide ? charactersOf(text, end) : end,
    here: from !== undefined,
  };
}

function cutOf({ cut, cutEndsMatch }: DateTemplate, match: RegExpExecArray): readonly [number, number] {
  const text = match[cut];
  if (text === undefined) return [0, 0];
  if (!cutEndsMatch) return match.indices?.[cut] ?? [0, 0];
  const end = match.index + match[0].length;
  return [end - text.length, end];
}

function isPunctuation(character: string): boolean {
  return character !== '' && !alphanumeric.test(character);
}

function boundsOf(line: string, { from, to }: Found, wide: boolean): Bounds {
  return boundsAt(line, from, to, wide);
}

function boundsAt(line: string, from: number, to: number, wide: boolean): Bounds {
  if (wide) {
    const characters = [...line];
    const at = (place: number): string => characters[place] ?? '';
    return { from, to, before: at(from - 1), first: at(from), final: at(to - 1), after: at(to) };
  }
  const at = (place: number): string => line[place] ?? '';
  return { from, to, before: at(from - 1), first: at(from), final: at(to - 1), after: at(to) };
}

function unitsOf(text: string, characters: number): number {
  let at = 0;
  for (let count = 0; count < characters && at < text.length; count++)
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

function charactersOf(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}
