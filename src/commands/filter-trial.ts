import { copied } from '../core/batch.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { mergingOf, Sessions } from '../core/session.ts';
import type { Attempt } from '../core/session-merger.ts';
import type { Match, MatchKindName } from '../core/types.ts';
import type { Judgement } from '../scan/filters/filter.ts';
import type { FilterJudge, Judged, JudgedLine } from './filter-judge.ts';

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

/** What the matches of a log amount to, in their order, as to the daemon: sessions are kept over its lines. */
export type Merge = (match: Match) => Attempt | null;

export function mergerFor({ kind }: FilterDefinition): Merge {
  const sessions = new Sessions();
  return (match) => sessions.merge('trial', match, mergingOf(kind));
}

/** Tries a log line by line. */
export class FilterTrial {
  readonly #judge: FilterJudge;
  readonly #merge: Merge;

  constructor(judge: FilterJudge, definition: FilterDefinition) {
    this.#judge = judge;
    this.#merge = mergerFor(definition);
  }

  chunk(chunk: Buffer, take: (line: TrialLine) => void): void {
    this.#judge.eachLine(chunk, (line) => take(this.#tried(line)));
  }

  /** With a last line without a newline. */
  finish(take: (line: TrialLine) => void): void {
    this.#judge.finish((line) => take(this.#tried(line)));
  }

  #tried({ number, bytes, judged }: JudgedLine): TrialLine {
    return { number, bytes, match: judged === null ? null : this.#matched(judged) };
  }

  #matched({ judgement, time, line }: Judged): TrialMatch {
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

const ownText = (text: string): string => copied(text, 0, text.length);
