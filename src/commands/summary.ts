import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type PackedMatches, readBatch } from '../core/batch.ts';
import { BailiffError } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { JudgeOptions } from './filter-judge.ts';
import { FilterTally } from './filter-tally.ts';
import { type Merge, mergerFor } from './filter-trial.ts';
import { type Judging, SummaryJudge } from './summary-judge.ts';
import type { SummaryMessage, SummarySetup } from './summary-thread.ts';

/** What is said of a log as a whole. */
export interface Summary {
  readonly judging: Judging;
  readonly tally: FilterTally;
}

/** `./summary-thread.ts`, or `./summary-thread.js` in a build. */
const threadFile = path.join(import.meta.dirname, `summary-thread${path.extname(import.meta.filename)}`);

/** A thread that judges one log. It starts at once, while its filter is still being read, and keeps no process alive before `judge`. */
export class SummaryThread {
  readonly #worker = new Worker(threadFile, { name: 'judge' });

  constructor() {
    this.#worker.unref();
  }

  /** @throws BailiffError */
  judge(
    log: Omit<SummarySetup, 'underWay'>,
    told: { matches(matches: PackedMatches): void; warning(text: string): void },
  ): Promise<Judging> {
    const underWay = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const setup: SummarySetup = { ...log, underWay };
    const worker = this.#worker;
    worker.ref();
    worker.postMessage(setup);
    return new Promise<Judging>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: SummaryMessage) => {
        if (message.type === 'judged') resolve(message.judging);
        else if (message.type === 'warning') told.warning(message.text);
        else if (message.type === 'failed')
          reject(new BailiffError(message.code, message.message, message.details));
        else {
          told.matches(message.matches);
          Atomics.sub(underWay, 0, 1);
          Atomics.notify(underWay, 0);
        }
      });
    });
  }
}

/** Sums up logs that are judged with a filter. `warn` is told of what takes too long. */
export class Summarizer {
  readonly #definition: FilterDefinition;
  readonly #options: JudgeOptions;
  readonly #warn: (text: string) => void;
  readonly #tally: FilterTally;
  readonly #merge: Merge;

  constructor(definition: FilterDefinition, options: JudgeOptions, warn: (text: string) => void) {
    this.#definition = definition;
    this.#options = options;
    this.#warn = warn;
    this.#tally = new FilterTally(definition);
    this.#merge = mergerFor(definition);
  }

  /** Judged in the thread while what it found is merged here, as in the daemon. @throws BailiffError */
  async file(file: string, thread: SummaryThread): Promise<Summary> {
    const judging = await thread.judge(
      { definition: this.#definition, options: this.#options, file },
      { matches: (matches) => this.#take(matches), warning: this.#warn },
    );
    return { judging, tally: this.#tally };
  }

  /** Judged here. @throws BailiffError */
  async chunks(chunks: AsyncIterable<Buffer>): Promise<Summary> {
    const judge = new SummaryJudge(this.#definition, this.#options, this.#warn);
    for await (const chunk of chunks) this.#take(judge.chunk(chunk));
    this.#take(judge.finish());
    return { judging: judge.judging, tally: this.#tally };
  }

  #take(matches: PackedMatches): void {
    for (const match of readBatch(matches)) this.#tally.add(this.#merge(match));
  }
}
