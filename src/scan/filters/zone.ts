/** Offsets change on quarters of an hour, everywhere. */
const quarterMs = 900_000;
/** On either side of a wall-clock time: more than any zone's distance from UTC. */
const dayMs = 86_400_000;
const largestCache = 4_096;
/** The second day of the year 1: before that, years are counted backwards. */
const firstQuarter = -62_135_510_400_000 / quarterMs;

/** Turns wall-clock times of one time zone into epoch times. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | null;
  readonly #offsets = new Map<number, number>();

  /** An IANA name, or undefined for the machine's own zone. @throws RangeError for an unknown name */
  constructor(name: string = Intl.DateTimeFormat().resolvedOptions().timeZone) {
    this.#format = /^(?:Etc\/)?UTC$/.test(name)
      ? null
      : new Intl.DateTimeFormat('en-US', {
          timeZone: name,
          hourCycle: 'h23',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
        });
  }

  /**
   * The epoch time of a wall-clock time, both in ms, the latter written as if it were UTC. In the hour
   * that a clock shows twice it is the later one that is not after `nowMs`; a time that the clock
   * skipped is read with the offset before the change.
   */
  toEpoch(wallMs: number, nowMs: number): number {
    if (this.#format === null) return wallMs;
    const before = this.offsetAt(wallMs - dayMs);
    const after = this.offsetAt(wallMs + dayMs);
    const early = wallMs - before;
    const late = wallMs - after;
    if (before === after) return early;
    const earlyIsReal = this.offsetAt(early) === before;
    const lateIsReal = this.offsetAt(late) === after;
    if (earlyIsReal && lateIsReal) return late <= nowMs + 1_000 ? late : early;
    return lateIsReal ? late : early;
  }

  /** The wall clock's year at an epoch time in ms. */
  yearAt(epochMs: number): number {
    return new Date(epochMs + this.offsetAt(epochMs)).getUTCFullYear();
  }

  /** The wall clock's distance from UTC at an epoch time, both in ms; east of Greenwich it is positive. */
  offsetAt(epochMs: number): number {
    if (this.#format === null) return 0;
    const quarter = Math.max(Math.floor(epochMs / quarterMs), firstQuarter);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    if (this.#offsets.size >= largestCache) this.#offsets.clear();
    const offset = wallClock(this.#format, quarter * quarterMs) - quarter * quarterMs;
    this.#offsets.set(quarter, offset);
    return offset;
  }
}

function wallClock(format: Intl.DateTimeFormat, epochMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(epochMs)) parts[type] = Number(value);
  const part = (name: string): number => parts[name] ?? 0;
  // `Date.UTC` takes the first hundred years for those of another century.
  const midnight = new Date(0).setUTCFullYear(part('year'), part('month') - 1, part('day'));
  return midnight + ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1_000;
}
