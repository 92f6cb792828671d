import type { DateTemplate } from '../../core/date-template.ts';

/** Nobody's distance. */
const farAway = 0x7fffffff;
/** A template that was not used for so many seconds makes way. */
const unusedSeconds = 300;

/** A date that was read: neighbouring lines mostly have the same. */
export interface DateReading {
  readonly text: string;
  /** In which it was read. */
  readonly second: number;
  /** Seconds, or null where it is no time. */
  readonly time: number | null;
}

/** A template with what looks for it. */
export interface DateSearch {
  readonly template: DateTemplate;
  readonly find: (text: string, from: number) => RegExpExecArray | null;
}

/** How a template is looked for: from a place on, and with where its groups stand where that has to be known. */
export function dateExpression({ source, flags, cutEndsMatch }: DateTemplate): RegExp {
  return new RegExp(source, `g${flags}${cutEndsMatch ? '' : 'd'}`);
}

/** A template, compiled, with what was seen of it in one log. */
export class RankedTemplate {
  readonly template: DateTemplate;
  /** Finds it in a text from a place on. */
  readonly find: (text: string, from: number) => RegExpExecArray | null;
  readonly sight: RegExp | null;
  /** How often it matched, also where another was chosen. */
  matches = 0;
  hits = 0;
  /** Seconds. */
  lastUsed = 0;
  /** Of its last hit from the line's beginning. */
  distance = farAway;
  /** What it found last. */
  reading: DateReading | null = null;

  constructor({ template, find }: DateSearch) {
    this.template = template;
    this.find = find;
    this.sight = template.sight === null ? null : new RegExp(template.sight, template.flags);
  }

  get weight(): number {
    return (this.hits * this.template.weight) / Math.max(1, this.distance);
  }
}

/** A ranking as it is stored. `templates`: in their order. */
interface LearnedRanking {
  readonly templates: readonly LearnedTemplate[];
  readonly firstUnused: number;
  readonly last: number;
}

type LearnedTemplate = readonly [
  name: string,
  matches: number,
  hits: number,
  lastUsed: number,
  distance: number,
];

/**
 * The templates of a log in the order in which they are tried, as fail2ban changes it (DateDetector of 1.0 and 1.1): one
 * that hits more than those before it, nearer to the line's beginning, moves up.
 */
export class DateRanking {
  #templates: RankedTemplate[];
  /** Those before have been used. */
  #firstUnused = 0;
  /** The place of the last one that hit. */
  #last = -1;

  constructor(searches: readonly DateSearch[]) {
    this.#templates = searches.map((search) => new RankedTemplate(search));
  }

  /** A ranking that goes on with what another has learned of the same templates; null: these are others, or it makes no sense. */
  static recalled(searches: readonly DateSearch[], learned: unknown): DateRanking | null {
    const { templates, firstUnused, last } = (learned ?? {}) as Partial<LearnedRanking>;
    if (!Array.isArray(templates) || !templates.every(Array.isArray)) return null;
    if (![firstUnused, last].every(Number.isSafeInteger)) return null;
    const ranking = new DateRanking(searches);
    const byName = new Map(ranking.#templates.map((ranked) => [ranked.template.name, ranked]));
    const order = templates.map(([name]) => byName.get(name));
    const all = order.filter((ranked) => ranked !== undefined);
    if (new Set(all).size !== searches.length || order.length !== searches.length) return null;
    for (const [index, ranked] of all.entries()) {
      const [, matches = 0, hits = 0, lastUsed = 0, distance = farAway] = templates[index] ?? [];
      Object.assign(ranked, { matches, hits, lastUsed, distance });
    }
    ranking.#templates = all;
    ranking.#firstUnused = firstUnused ?? 0;
    ranking.#last = last ?? -1;
    return ranking;
  }

  learned(): LearnedRanking {
    const templates = this.#templates.map(
      ({ template, matches, hits, lastUsed, distance }): LearnedTemplate => [
        template.name,
        matches,
        hits,
        lastUsed,
        distance,
      ],
    );
    return { templates, firstUnused: this.#firstUnused, last: this.#last };
  }

  get all(): readonly RankedTemplate[] {
    return this.#templates;
  }

  get last(): RankedTemplate | undefined {
    return this.#templates[this.#last];
  }

  get lastPlace(): number {
    return this.#last;
  }

  /** Counts one more of the last template, at the last distance. */
  hitAgain(now: number): void {
    const place = this.#last;
    const ranked = this.#templates[place];
    if (ranked === undefined) return;
    ranked.matches++;
    ranked.hits++;
    ranked.lastUsed = now;
    if (this.#firstUnused === place) this.#firstUnused++;
  }

  /** Counts a hit of the template at `place`. */
  hit(place: number, distance: number, now: number): void {
    const ranked = this.#templates[place];
    if (ranked === undefined) return;
    ranked.hits++;
    ranked.lastUsed = now;
    ranked.distance = distance;
    if (this.#firstUnused === place) this.#firstUnused++;
    this.#last = place > 0 && place !== this.#last ? this.#moveUp(place, ranked) : place;
  }

  /** To the first unused place, or half of the way; or else by one. */
  #moveUp(place: number, ranked: RankedTemplate): number {
    const far = this.#firstUnused < place ? this.#firstUnused : Math.floor(place / 2);
    const target = [far, place - 1].find((each) => this.#yields(each, ranked));
    if (target === undefined) return place;
    this.#templates.splice(place, 1);
    this.#templates.splice(target, 0, ranked);
    while ((this.#templates[this.#firstUnused]?.hits ?? 0) > 0) this.#firstUnused++;
    return target;
  }

  #yields(place: number, to: RankedTemplate): boolean {
    const other = this.#templates[place];
    if (other === undefined) return false;
    return to.weight > other.weight || to.lastUsed - unusedSeconds > other.lastUsed;
  }
}
