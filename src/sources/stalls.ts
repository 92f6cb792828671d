import { setTimeout as pause } from 'node:timers/promises';

/** A log that is followed, as far as it concerns whether its stream has stalled. */
export interface FollowedLog {
  readonly containerId: string;
  /** Chunks that came so far. */
  readonly received: number;
  /** Whether it waits for messages, and the engine holds one (by its timestamp) that is later than all that came. */
  lacks(timestamp: string): boolean;
  readAnew(remark: string): void;
}

/** In ms. */
export interface StallPauses {
  /** How often each log is looked at. */
  readonly round: number;
  /** The least between two looks, whatever the number of logs. */
  readonly least: number;
  /** What a message may be on its way for. */
  readonly grace: number;
}

export const usualStallPauses: StallPauses = { round: 300_000, least: 1_000, grace: 5_000 };

/**
 * Finds streams that go silent without ending (moby#37646): looks at one log after another, all the time, whether
 * the engine holds a later message than came, and takes it up again where none has come for a while.
 * Resolves when the signal aborts.
 */
export async function watchForStalls(
  logs: () => readonly FollowedLog[],
  newest: (containerId: string) => Promise<string | null>,
  signal: AbortSignal,
  { round, least, grace }: StallPauses,
): Promise<void> {
  const sleep = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  for (let turn = 0; !signal.aborted; turn++) {
    await sleep(Math.max(least, round / Math.max(1, logs().length)));
    const log = logs()[turn % Math.max(1, logs().length)];
    if (log === undefined) continue;
    // An engine that does not answer is the event stream's to find.
    const timestamp = await newest(log.containerId).catch(() => null);
    if (timestamp === null || !log.lacks(timestamp)) continue;
    const { received } = log;
    await sleep(grace);
    if (signal.aborted || log.received !== received || !log.lacks(timestamp)) continue;
    log.readAnew(`stalled before ${timestamp}, read anew`);
  }
}
