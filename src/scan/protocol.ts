import type { FilterDefinition } from '../core/filter.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import type { Restraint } from './filters/guarded.ts';

/** What the worker is started with. */
export interface WorkerSetup {
  /** Where it says what it is at: see spot.ts. */
  readonly spot: SharedArrayBuffer;
}

/** The number of a filter, in the order in which the worker was told of them, and of one of its expressions (filters/patterns.ts). */
export interface ExpressionPlace {
  readonly filter: number;
  readonly expression: number;
}

/** Batches that may be under way without an answer: `postMessage` has no back-pressure of its own. */
export const mostUnacknowledged = 4;
/** And of one source: a flood leaves room for the others, whose batches wait behind no more than these. */
export const mostOfOneSource = 2;

/** From the main thread to the worker. */
export type Command =
  /** More filters, for sources to come. */
  | { readonly type: 'filters'; readonly filters: readonly FilterDefinition[] }
  | { readonly type: 'open'; readonly request: ScanRequest; readonly generation: number }
  | {
      readonly type: 'write';
      readonly id: string;
      readonly generation: number;
      /** null: the stream ended. */
      readonly bytes: Uint8Array | null;
    }
  | { readonly type: 'close'; readonly id: string }
  | { readonly type: 'acknowledge'; readonly id: string }
  /** The worker before was ended at this expression, on a text of this length. */
  | ({ readonly type: 'suspect'; readonly length: number } & ExpressionPlace)
  /** How the expression is to be run from now on; null: as it is written. */
  | ({ readonly type: 'restrain'; readonly restraint: Restraint | null } & ExpressionPlace);

/** From the worker to the main thread. */
export type Report =
  | { readonly type: 'batch'; readonly batch: MatchBatch }
  | {
      readonly type: 'state';
      readonly id: string;
      readonly generation: number;
      readonly state: SourceState;
      readonly detail: string;
    }
  /** Lines are lost, or may be. */
  | { readonly type: 'gap'; readonly id: string; readonly generation: number; readonly detail: string }
  /** One `write` of this many bytes was judged, or dropped. */
  | { readonly type: 'consumed'; readonly bytes: number }
  /** The stream's bytes make no sense any more: it must be opened again. */
  | { readonly type: 'lost'; readonly id: string; readonly generation: number }
  /** An expression did not come to an end on this text (capped), and was taken not to match it. */
  | ({ readonly type: 'skipped'; readonly generation: number; readonly text: string } & ExpressionPlace)
  /** The texts that were suspected and skipped are judged, and their batch was posted. */
  | ({ readonly type: 'acquitted' } & ExpressionPlace)
  /** What a restraint came to. */
  | ({ readonly type: 'restrained'; readonly restraint: Restraint } & ExpressionPlace);
