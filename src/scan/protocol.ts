import type { FilterDefinition } from '../core/filter.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';

/** What the worker is started with. */
export interface WorkerSetup {
  readonly filters: readonly FilterDefinition[];
}

/** Batches that may be under way without an answer: `postMessage` has no back-pressure of its own. */
export const mostUnacknowledged = 4;
/** And of one source: a flood leaves room for the others, whose batches wait behind no more than these. */
export const mostOfOneSource = 2;

/** From the main thread to the worker. */
export type Command =
  | { readonly type: 'open'; readonly request: ScanRequest; readonly generation: number }
  | {
      readonly type: 'write';
      readonly id: string;
      readonly generation: number;
      /** null: the stream ended. */
      readonly bytes: Uint8Array | null;
    }
  | { readonly type: 'close'; readonly id: string }
  | { readonly type: 'acknowledge'; readonly id: string };

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
  | { readonly type: 'lost'; readonly id: string; readonly generation: number };
