import type { FilterDefinition } from '../core/filter.ts';
import { codingOf } from '../scan/encoding.ts';
import { compileWatched } from '../scan/filters/compile.ts';
import { DateReader } from '../scan/filters/dates.ts';
import type { Judgement } from '../scan/filters/filter.ts';
import { LineCarry } from '../scan/line-carry.ts';
import { type Reading, Scan } from '../scan/scan.ts';
import { DateTally, type WrittenDates } from './date-tally.ts';
import { Patience } from './patience.ts';

/** How a log is judged with one filter. */
export interface JudgeOptions {
  readonly timeZone: string | undefined;
  /** Lines come without a time: all of them have the present one. */
  readonly journal: boolean;
  /** What is taken for the present, in seconds; null: the clock's. */
  readonly now: number | null;
  /** The time of lines without a date, in seconds; null: the present. */
  readonly undated: number | null;
  /** Whether fields are wanted that have no meaning for the daemon. */
  readonly evidence: boolean;
  /** Whether to look how the dates of the first lines are written. */
  readonly dates: boolean;
}

/** Takes what matched. */
export interface Taker {
  found(judged: Judged): void;
  /** Forgets what was found in this chunk, which is judged once more. */
  again(): void;
}

/** A line that matched. `time` in seconds. */
export interface Judged {
  readonly judgement: Judgement;
  readonly time: number;
  readonly line: string;
}

/** One line with its newline. */
export interface JudgedLine {
  readonly number: number;
  readonly bytes: Buffer;
  /** Null: it did not match. */
  readonly judged: Judged | null;
}

type Take<What> = (what: What) => void;

/** Judges a log with one filter by the scan that the daemon has, and comes to an end whatever the expressions are. */
export class FilterJudge {
  readonly #scan: Scan;
  readonly #options: JudgeOptions;
  readonly #patience: Patience;
  readonly #carry: LineCarry;
  #dates: DateTally | null;
  #lines = 0;
  #bytes = 0;

  /** `warn` is told of what takes too long. */
  constructor(definition: FilterDefinition, options: JudgeOptions, warn: (text: string) => void) {
    this.#patience = new Patience(definition, warn);
    const filter = compileWatched(definition, this.#patience.watch);
    const { timeZone, dates, journal, evidence } = options;
    this.#scan = new Scan([filter], { timeZone, evidence: evidence ? Number.POSITIVE_INFINITY : 0 });
    this.#carry = new LineCarry(codingOf('utf-8', this.#scan.keeps));
    this.#options = options;
    this.#dates =
      dates && !journal ? new DateTally(filter.dates?.(timeZone) ?? new DateReader(timeZone)) : null;
  }

  get lines(): number {
    return this.#lines;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How the dates of the first lines are written; null where that was not asked for, or took too long. */
  get dates(): WrittenDates | null {
    return this.#dates?.counts ?? null;
  }

  /** Judges a chunk as a whole, which is faster. Tells of the lines that matched. */
  chunk(chunk: Buffer, taker: Taker): void {
    const block = this.#take(chunk);
    if (block !== null) this.#block(block, taker);
  }

  /** Judges line by line. */
  eachLine(chunk: Buffer, take: Take<JudgedLine>): void {
    const block = this.#take(chunk);
    if (block !== null) this.#eachOf(block, take);
  }

  /** Judges a last line without a newline. */
  finish(take: Take<JudgedLine>): void {
    const rest = this.#carry.flush();
    if (rest === null) return;
    this.#lookAtDates(rest);
    this.#eachOf(rest, take);
  }

  #take(chunk: Buffer): Buffer | null {
    this.#bytes += chunk.length;
    const block = this.#carry.push(chunk);
    if (block !== null) this.#lookAtDates(block);
    return block;
  }

  #lookAtDates(block: Buffer): void {
    const dates = this.#dates;
    if (dates === null || dates.isDone) return;
    if (!this.#patience.endsOn(() => dates.add(block, this.#reading().now))) this.#dates = null;
  }

  #block(block: Buffer, taker: Taker): void {
    const ended = this.#patience.endsOn(() => {
      taker.again();
      this.#scan.block(block, this.#reading(), (_filter, judgement, time, line) =>
        taker.found({ judgement, time, line }),
      );
    });
    const { lines } = this.#scan.takeCounts();
    if (ended) {
      this.#lines += lines;
      return;
    }
    taker.again();
    this.#eachOf(block, ({ judged }) => {
      if (judged !== null) taker.found(judged);
    });
  }

  #eachOf(block: Buffer, take: Take<JudgedLine>): void {
    const judge = (bytes: Buffer) => this.#judged(bytes);
    for (const { bytes, verdict } of this.#patience.eachLine(block, this.#lines + 1, judge)) {
      this.#lines++;
      take({ number: this.#lines, bytes, judged: verdict });
    }
    this.#scan.takeCounts();
  }

  #judged(bytes: Buffer): Judged | null {
    let last: Judged | null = null;
    this.#scan.block(bytes, this.#reading(), (_filter, judgement, time, line) => {
      last = { judgement, time, line };
    });
    return last;
  }

  #reading(): Reading {
    const now = this.#options.now ?? Date.now() / 1_000;
    if (this.#options.journal) return { now, transport: now, dateless: true, undated: now };
    return { now, transport: null, undated: Math.min(now, this.#options.undated ?? now) };
  }
}
