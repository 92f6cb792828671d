/** Seconds between two samples, and how many are looked at together: what they show has lasted for minutes. */
const spacing = 10;
const windowSize = 20;
/** So many of them must agree: a line that came late now and then says nothing of the clock. */
const enough = 15;
/** Seconds by which offsets differ that agree. */
const tolerance = 30;
/** Seconds below which an offset may be a delay, and does no harm. */
const smallest = 120;
/** Zones differ by quarters of an hour. */
const quarter = 900;

/**
 * How far one log's times constantly are from the clock: its writer has another time zone, or its clock is
 * wrong. Fed with lines that were just written; from a delay a skew differs in that it stays the same.
 */
export class Skew {
  readonly #offsets: number[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  #seconds: number;

  /** `seconds`: as it was found before. */
  constructor(seconds = 0) {
    this.#seconds = seconds;
  }

  /** By so many seconds the times are behind the clock; negative: ahead; 0: they are not, or not constantly. */
  get seconds(): number {
    return this.#seconds;
  }

  /** A line of `time` was read at `now`, as it was written; both in seconds. */
  add(now: number, time: number): void {
    if (now >= this.#sampledAt && now < this.#sampledAt + spacing) return;
    this.#sampledAt = now;
    this.#offsets.push(now - time);
    if (this.#offsets.length > windowSize) this.#offsets.shift();
    if (this.#offsets.length === windowSize) this.#seconds = this.#judge();
  }

  /**
   * A time of this log, at the present `now`, as the right zone would give it. All times are moved by the
   * same amount, so that attempts stay as far apart as they were. What would be moved away from the present
   * stays: the zone was put right. A skew that is no zone's is left: it may be the log's way to us.
   */
  corrected(time: number, now: number): number {
    if (!isZone(this.#seconds)) return time;
    const moved = time + this.#seconds;
    return Math.abs(now - moved) < Math.abs(now - time) ? moved : time;
  }

  /** Where no majority agrees, what was known stays. */
  #judge(): number {
    const sorted = this.#offsets.toSorted((a, b) => a - b);
    const median = sorted[windowSize / 2] ?? 0;
    const agreeing = sorted.filter((offset) => Math.abs(offset - median) <= tolerance).length;
    if (agreeing < enough) return this.#seconds;
    const zone = Math.round(median / quarter) * quarter;
    if (Math.abs(median - zone) <= tolerance) return zone;
    return Math.abs(median) < smallest ? 0 : Math.round(median);
  }
}

/** Whether a skew is one that a wrong time zone makes. */
export function isZone(skew: number): boolean {
  return skew !== 0 && skew % quarter === 0;
}
