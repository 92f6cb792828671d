import { canonicalAddress } from '../core/address.ts';
import { AddressTable } from '../core/address-table.ts';
import { copied } from '../core/batch.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { mergingOf, Sessions } from '../core/session.ts';
import type { Attempt } from '../core/session-merger.ts';
import type { Match, MatchKindName } from '../core/types.ts';
import { compileFilter } from '../scan/filters/compile.ts';
import type { Judgement } from '../scan/filters/filter.ts';
import { LineCarry } from '../scan/line-carry.ts';
import { type Found, type Reading, Scan } from '../scan/scan.ts';

export type TrialResult = 'hit' | 'nofail' | 'ignored' | 'miss';

/** What one line gave, as `bailiff filter test --json` prints it. `time` in seconds. */
export interface TrialLine {
  readonly line: number;
  readonly result: TrialResult;
  readonly host: string | null;
  readonly time: number | null;
  readonly attempts: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TrialOptions {
  readonly timeZone: string | undefined;
  /** Lines come without a time: all of them have the present one. */
  readonly journal: boolean;
  /** What is taken for the present, in seconds; null: the clock's. */
  readonly now: number | null;
  /** The time of lines without a date, in seconds; null: the present. */
  readonly undated: number | null;
}

const mostNames = 100_000;
const longestName = 256;

/** Judges a log with one filter as the daemon would: the same scan, and sessions kept over its lines. */
export class FilterTrial {
  readonly #scan: Scan;
  readonly #options: TrialOptions;
  readonly #merge: (match: Match) => Attempt | null;
  readonly #carry = new LineCarry();
  readonly #addresses = new AddressTable();
  /** What fail2ban counts beside addresses. */
  readonly #names = new Set<string>();
  readonly #mayBeNames: boolean;
  readonly #counts = { hit: 0, nofail: 0, ignored: 0 };
  readonly #startedAt = performance.now();
  #lines = 0;
  #bytes = 0;

  constructor(definition: FilterDefinition, options: TrialOptions) {
    this.#scan = new Scan([compileFilter(definition)], { timeZone: options.timeZone });
    this.#options = options;
    this.#merge = mergerFor(definition);
    this.#mayBeNames = definition.kind === 'fail2ban';
  }

  /** Judges a chunk as a whole, for the counts. */
  chunk(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const block = this.#carry.push(chunk);
    if (block !== null) this.#countBlock(block);
  }

  /** Judges line by line, for what each of them gave. */
  eachLine(chunk: Buffer, take: (line: TrialLine) => void): void {
    const block = this.#carry.push(chunk);
    if (block !== null) this.#eachOf(block, take);
  }

  /** Judges a last line without a newline. */
  finish(take: ((line: TrialLine) => void) | null): void {
    const rest = this.#carry.flush();
    if (rest === null) return;
    if (take === null) this.#countBlock(rest);
    else this.#eachOf(rest, take);
  }

  summary() {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    return {
      ...this.#counts,
      lines: this.#lines,
      bytes: this.#bytes,
      addresses: this.#addresses.size + this.#names.size,
      seconds,
    };
  }

  #eachOf(block: Buffer, take: (line: TrialLine) => void): void {
    for (let start = 0; start < block.length; ) {
      const newline = block.indexOf(0x0a, start);
      const end = newline < 0 ? block.length : newline + 1;
      take({ line: this.#lines + 1, ...this.#block(block.subarray(start, end)) });
      start = end;
    }
  }

  /** Returns what the last match in the block gave. */
  #block(block: Buffer): Omit<TrialLine, 'line'> {
    let last: Omit<TrialLine, 'line'> = { result: 'miss', host: null, time: null, attempts: 0, fields: {} };
    this.#scan.block(block, this.#reading(), (_filter, judgement, time, line) => {
      last = this.#judged(judgement, time, line);
    });
    this.#lines += this.#scan.takeCounts().lines;
    return last;
  }

  #countBlock(block: Buffer): void {
    const found: Found = (_filter, judgement, time, line) => {
      if (judgement.kind === 'ignored') this.#counts.ignored++;
      else {
        const attempt = this.#merged(judgement.kind, judgement, time, line);
        this.#counts[attempt === null ? 'nofail' : 'hit']++;
        if (attempt !== null) this.#note(attempt.host);
      }
    };
    this.#scan.block(block, this.#reading(), found);
    this.#lines += this.#scan.takeCounts().lines;
  }

  #note(host: string): void {
    if (this.#mayBeNames && canonicalAddress(host) === null) this.#noteName(host);
    else if (!this.#addresses.has(host)) this.#addresses.change(host, once);
  }

  /** Clients choose them: of so many, and so long ones, no more are told apart. */
  #noteName(name: string): void {
    if (this.#names.size < mostNames) this.#names.add(name.slice(0, longestName));
  }

  #reading(): Reading {
    const now = this.#options.now ?? Date.now() / 1_000;
    if (this.#options.journal) return { now, transport: now, dateless: true, undated: now };
    return { now, transport: null, undated: Math.min(now, this.#options.undated ?? now) };
  }

  #judged(judgement: Judgement, time: number, line: string): Omit<TrialLine, 'line'> {
    const { kind, host } = judgement;
    const attempt = kind === 'ignored' ? null : this.#merged(kind, judgement, time, line);
    if (attempt === null) {
      const result = kind === 'ignored' ? 'ignored' : 'nofail';
      return { result, host: host || null, time, attempts: 0, fields: fieldsOf(judgement) };
    }
    const { users = [] } = attempt;
    const fields = {
      ...fieldsOf({ ...judgement, user: attempt.user }),
      ...(users.length > 1 ? { users } : {}),
    };
    return { result: 'hit', host: attempt.host, time: attempt.time, attempts: attempt.attempts, fields };
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

const once = () => [0];
const ownText = (text: string): string => copied(text, 0, text.length);

function fieldsOf({
  user,
  session,
  fields,
}: Pick<Judgement, 'user' | 'session' | 'fields'>): Record<string, unknown> {
  return {
    ...(user === '' ? {} : { user }),
    ...(session === '' ? {} : { session }),
    ...(fields === '' ? {} : (JSON.parse(fields) as Record<string, unknown>)),
  };
}
