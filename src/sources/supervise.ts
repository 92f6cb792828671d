import { setTimeout } from 'node:timers/promises';

/** In ms. Tests shorten them. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
  /** A run that lasted this long was well: the next pause is the first one again. */
  readonly wellAfter: number;
}

const usualPauses: Pauses = { first: 1_000, longest: 30_000, wellAfter: 60_000 };

/**
 * Runs a task until the signal aborts, again after each failure, with growing pauses.
 * `failed` gets each error and the pause before the next try, in ms; what it throws is the end of it.
 */
export async function supervise(
  task: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  failed: (error: unknown, retryMs: number) => void,
  { first, longest, wellAfter }: Pauses = usualPauses,
): Promise<void> {
  let retryMs = first;
  while (!signal.aborted) {
    const started = performance.now();
    try {
      await task(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (performance.now() - started > wellAfter) retryMs = first;
      failed(error, retryMs);
      await setTimeout(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, longest);
    }
  }
}
