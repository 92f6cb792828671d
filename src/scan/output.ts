import { BatchPacker } from '../core/batch.ts';
import type { MatchBatch, SourceState } from '../core/types.ts';
import type { Found, Scan } from './scan.ts';

/** Where a source's batches and states go; in the worker: worker-loop.ts. */
export interface Output {
  /** Whether `mostUnacknowledged` batches are under way: nothing may be posted. */
  readonly full: boolean;
  /** Resolves when a batch was acknowledged; ask `full` again then. */
  room(): Promise<void>;
  post(batch: MatchBatch): void;
  state(state: SourceState, detail: string): void;
  /** Lines are lost, or may be: which, and what to do about it. */
  gap(detail: string): void;
}

/** What is stored and not stored again for months is forgotten (ledger/store.ts). */
const tellAgainMs = 86_400_000;

/** Collects what one source's chunk yields and makes it a batch. */
export class BatchMaker {
  readonly #packer = new BatchPacker();
  readonly #source: string;
  readonly #generation: number;
  readonly #scan: Scan;
  /** What was told last of what the scan has learned. */
  #learned: string;
  #learnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(source: string, generation: number, scan: Scan) {
    this.#source = source;
    this.#generation = generation;
    this.#scan = scan;
    this.#learned = scan.learned;
  }

  readonly found: Found = (filter, judgement, time, line, evidence) => {
    // An ignored line is to the daemon as one that does not match.
    if (judgement.kind === 'ignored') return;
    const { kind, host, session, user, fields } = judgement;
    this.#packer.add({ filter, kind, time, host, session, user, fields, line: evidence ? line : '' });
  };

  take(cursor: string, bytes: number, readAtMs: number, lagBytes: number): MatchBatch {
    const { skew, learned } = this.#scan;
    const isDue = learned !== '' && readAtMs >= this.#learnedAtMs + tellAgainMs;
    const isTold = isDue || learned !== this.#learned;
    if (isTold) this.#learnedAtMs = readAtMs;
    this.#learned = learned;
    return {
      source: this.#source,
      generation: this.#generation,
      cursor,
      ...this.#scan.takeCounts(),
      bytes,
      readAtMs,
      lagBytes,
      ...(skew === 0 ? {} : { skew }),
      ...(isTold ? { learned } : {}),
      ...this.#packer.take(),
    };
  }
}

export { wallClockMs as nowMs } from '../core/wall-clock.ts';
