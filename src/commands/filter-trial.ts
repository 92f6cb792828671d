import { copied } from '../core/batch.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { mergingOf, Sessions } from '../core/session.ts';
import type { Attempt } from '../core/session-merger.ts';
import type { Match, MatchKindName } from '../core/types.ts';
import { codingOf } from '../scan/encoding.ts';
import { compileWatched } from '../scan/filters/compile.ts';
import { DateReader } from '../scan/filters/dates.ts';
import type { Judgement } from '../scan/filters/filter.ts';
import { LineCarry } from '../scan/line-carry.ts';
import { type Reading, Scan } from '../scan/scan.ts';
import { DateTally } from './date-tally.ts';
import { Patience } from './patience.ts';

export type TrialResult = 'hit' | 'nofail' | 'ignored' | 'miss';

/** What a line matched, and what it amounts to: an attempt to count, or null. `time` in seconds. */
export interface TrialMatch {
  readonly result: Exclude<TrialResult, 'miss'>;
  readonly judgement: Judgement;
  readonly time: number;
  readonly attempt: Attempt | null;
}

/** One line with its newline, and its match. */
export interface TrialLine {
  readonly number: number;
  readonly bytes: Buffer;
  readonly match: TrialMatch | null;
}

export interface TrialOptions {
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
  /** Told of what takes too long. */
  readonly warn: (text: string) => void;
}

interface Judged {
  readonly judgement: Judgement;
  readonly time: number;
  readonly line: string;
}

type Take<What> = (what: What) => void;

/** Judges a log with one filter as the daemon would: the same scan, and sessions kept over its lines. */
export class FilterTrial {
  readonly #scan: Scan;
  readonly #options: TrialOptions;
  readonly #patience: Patience;
  readonly #merge: (match: Match) => Attempt | null;
  readonly #carry: LineCarry;
  #dates: DateTally | null;
  #lines = 0;
  #bytes = 0;

  constructor(definition: FilterDefinition, options: TrialOptions) {
    this.#patience = new Patience(definition, options.warn);
    const filter = compileWatched(definition, this.#patience.watch);
    this.#scan = new Scan([filter], {
      timeZone: options.timeZone,
      evidence: options.evidence ? Number.POSITIVE_INFINITY : 0,
    });
    this.#carry = new LineCarry(codingOf('utf-8', this.#scan.keeps));
    this.#options = options;
    this.#merge = mergerFor(definition);
    const { timeZone, dates, journal } = options;
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
  get dates(): DateTally | null {
    return this.#dates;
  }

  /** Judges a chunk as a whole, which is faster. Tells of the lines that matched. */
  chunk(chunk: Buffer, take: Take<TrialMatch>): void {
    const block = this.#take(chunk);
    if (block !== null) this.#block(block, take);
  }

  /** Judges line by line. */
  eachLine(chunk: Buffer, take: Take<TrialLine>): void {
    const block = this.#take(chunk);
    if (block !== null) this.#eachOf(block, take);
  }

  /** Judges a last line without a newline. */
  finish(take: Take<TrialLine>): void {
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

  #block(block: Buffer, take: Take<TrialMatch>): void {
    const found: Judged[] = [];
    const ended = this.#patience.endsOn(() => {
      found.length = 0;
      this.#scan.block(block, this.#reading(), (_filter, judgement, time, line) =>
        found.push({ judgement, time, line }),
      );
    });
    const { lines } = this.#scan.takeCounts();
    if (!ended) {
      this.#eachOf(block, ({ match }) => {
        if (match !== null) take(match);
      });
      return;
    }
    this.#lines += lines;
    for (const { judgement, time, line } of found) take(this.#matched(judgement, time, line));
  }

  #eachOf(block: Buffer, take: Take<TrialLine>): void {
    const judge = (bytes: Buffer) => this.#judged(bytes);
    for (const { bytes, verdict } of this.#patience.eachLine(block, this.#lines + 1, judge)) {
      this.#lines++;
      const match = verdict === null ? null : this.#matched(verdict.judgement, verdict.time, verdict.line);
      take({ number: this.#lines, bytes, match });
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

  #matched(judgement: Judgement, time: number, line: string): TrialMatch {
    const { kind } = judgement;
    if (kind === 'ignored') return { result: 'ignored', judgement, time, attempt: null };
    const attempt = this.#merged(kind, judgement, time, line);
    return { result: attempt === null ? 'nofail' : 'hit', judgement, time, attempt };
  }

  /** With copies, as the daemon has them out of a batch: a session that kept a slice would keep the chunk. */
  #merged(kind: MatchKindName, judgement: Judgement, time: number, line: string): Attempt | null {
    const host = ownText(judgement.host);
    const session = ownText(judgement.session);
    const user = ownText(judgement.user);
    const { fields } = judgement;
    return this.#merge({ filter: 0, kind, time, host, session, user, fields, line });
  }
}

function mergerFor({ kind }: FilterDefinition): (match: Match) => Attempt | null {
  const sessions = new Sessions();
  return (match) => sessions.merge('trial', match, mergingOf(kind));
}

const ownText = (text: string): string => copied(text, 0, text.length);
