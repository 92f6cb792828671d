import { type MessagePort, parentPort } from 'node:worker_threads';
import type { PackedMatches } from '../core/batch.ts';
import { BailiffError, type ErrorCode, type ErrorDetails } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { JudgeOptions } from './filter-judge.ts';
import { readLog } from './log-reader.ts';
import { type Judging, SummaryJudge } from './summary-judge.ts';

export interface SummarySetup {
  readonly definition: FilterDefinition;
  readonly options: JudgeOptions;
  readonly file: string;
  /** One cell: how many batches are posted and not tallied yet. */
  readonly underWay: Int32Array<SharedArrayBuffer>;
}

export type SummaryMessage =
  | { readonly type: 'matches'; readonly matches: PackedMatches }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'judged'; readonly judging: Judging }
  /** The parts of a BailiffError, which does not come through as one. */
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    };

const mostUnderWay = 4;

function judge(port: MessagePort, { definition, options, file, underWay }: SummarySetup): void {
  const post = (message: SummaryMessage, transferred: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, transferred);
  const postMatches = (matches: PackedMatches): void => {
    for (let count = Atomics.load(underWay, 0); count >= mostUnderWay; count = Atomics.load(underWay, 0))
      Atomics.wait(underWay, 0, count);
    Atomics.add(underWay, 0, 1);
    post({ type: 'matches', matches }, [matches.columns.buffer]);
  };
  try {
    const judge = new SummaryJudge(definition, options, (text) => post({ type: 'warning', text }));
    for (const chunk of readLog(file)) postMatches(judge.chunk(chunk));
    postMatches(judge.finish());
    post({ type: 'judged', judging: judge.judging });
  } catch (error) {
    if (!(error instanceof BailiffError)) throw error;
    const { code, message, where, remedy } = error;
    const details = {
      ...(where === undefined ? {} : { where }),
      ...(remedy === undefined ? {} : { remedy }),
    };
    post({ type: 'failed', code, message, details });
  }
}

if (parentPort === null) throw new Error('summary-thread runs in a worker');
const port = parentPort;
port.once('message', (setup: SummarySetup) => judge(port, setup));
