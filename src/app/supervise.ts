import { setTimeout } from 'node:timers/promises';

const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** A run that lasted this long (ms) was well: the next retry starts from the first delay again. */
const wellAfterMs = 60_000;

/**
 * Runs a task until the signal aborts, again after each failure, with growing pauses.
 * `failed` gets each error and the pause before the next try, in ms.
 */
export async function supervise(
  task: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  failed: (error: unknown, retryMs: number) => void,
): Promise<void> {
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    const started = performance.now();
    try {
      await task(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (performance.now() - started > wellAfterMs) retryMs = firstRetryMs;
      failed(error, retryMs);
      await setTimeout(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }
}
