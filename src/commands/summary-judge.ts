import { BatchPacker, type PackedMatches } from '../core/batch.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { WrittenDates } from './date-tally.ts';
import { type DecisionCounts, Decisions } from './decisions.ts';
import { FilterJudge, type Judged, type JudgeOptions, type Taker } from './filter-judge.ts';

/** What is said of a log when all of it is judged, but for what its matches amount to. */
export interface Judging {
  readonly lines: number;
  readonly bytes: number;
  readonly decisions: DecisionCounts;
  /** Null: not asked for, or it took too long. */
  readonly dates: WrittenDates | null;
}

/** Judges a log and packs its matches, so that they can be merged elsewhere. */
export class SummaryJudge {
  readonly #judge: FilterJudge;
  readonly #decisions = new Decisions();
  readonly #found = new FoundInChunk();

  constructor(definition: FilterDefinition, options: JudgeOptions, warn: (text: string) => void) {
    this.#judge = new FilterJudge(definition, options, warn);
  }

  chunk(chunk: Buffer): PackedMatches {
    this.#judge.chunk(chunk, this.#found);
    return this.#take();
  }

  /** Judges a last line without a newline. */
  finish(): PackedMatches {
    this.#judge.finish(({ judged }) => {
      if (judged !== null) this.#found.found(judged);
    });
    return this.#take();
  }

  get judging(): Judging {
    const { lines, bytes, dates } = this.#judge;
    const { expressions, ignored } = this.#decisions;
    return { lines, bytes, decisions: { expressions, ignored }, dates };
  }

  #take(): PackedMatches {
    this.#decisions.addAll(this.#found.decisions);
    const matches = this.#found.packer.take();
    this.#found.again();
    return matches;
  }
}

/** What is found in one chunk. */
class FoundInChunk implements Taker {
  decisions = new Decisions();
  packer = new BatchPacker();

  again(): void {
    this.decisions = new Decisions();
    if (this.packer.count > 0) this.packer = new BatchPacker();
  }

  found({ judgement, time }: Judged): void {
    this.decisions.add(judgement);
    const { kind, host, session, user, fields } = judgement;
    if (kind !== 'ignored') this.packer.add({ filter: 0, kind, time, host, session, user, fields, line: '' });
  }
}
