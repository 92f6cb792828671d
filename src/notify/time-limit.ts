import { DeliveryFailure } from './channel.ts';

/**
 * What `send` comes to, unless it takes longer than `limitMs` or `stop` aborts: then its own signal aborts, and nobody
 * waits for whether it heeds that.
 * @throws DeliveryFailure for these two, else what `send` throws
 */
export async function withinLimit<T>(
  send: (signal: AbortSignal) => Promise<T>,
  limitMs: number,
  stop: AbortSignal,
): Promise<T> {
  const own = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (why: string) => {
    const failure = new DeliveryFailure(why);
    own.abort(failure);
    reject(failure);
  };
  const timer = setTimeout(() => end(`took longer than ${limitMs / 1000} s`), limitMs);
  const stopped = () => end('given up, as the daemon stops');
  stop.addEventListener('abort', stopped, { once: true });
  if (stop.aborted) stopped();
  try {
    return await Promise.race([send(own.signal), over]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', stopped);
    own.abort();
  }
}
