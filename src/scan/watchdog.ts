import { setTimeout } from 'node:timers/promises';
import { longestRunMs } from './filters/timed.ts';
import { type Place, readSpot } from './spot.ts';

/** How often it is looked where the worker is, in ms: at no expression, and at one. */
const idleLookMs = 100;
const closeLookMs = 20;

/** The CPU time of a thread so far, in microseconds. */
export type CpuUsage = () => Promise<{ readonly user: number; readonly system: number }>;

/**
 * Sees that a worker has spent 100 ms of its own CPU time at one place. Time that passes says nothing: the machine
 * may be busy, or asleep.
 */
export class Watchdog {
  readonly #memory: SharedArrayBuffer;
  readonly #cpuUsage: CpuUsage;
  readonly #stopped = new AbortController();
  #place: Place | null = null;
  /** The worker's CPU time, in ms, when it was first seen to stay there. */
  #since: number | null = null;

  /** `cpuUsage` must answer while the worker cannot. */
  constructor(memory: SharedArrayBuffer, cpuUsage: CpuUsage) {
    this.#memory = memory;
    this.#cpuUsage = cpuUsage;
  }

  /** Where the worker is stuck; null: it was never seen to be, until `stop`. */
  async watch(): Promise<Place | null> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      if (await this.look()) return this.#place;
      const pause = this.#place === null ? idleLookMs : closeLookMs;
      await setTimeout(pause, undefined, { ref: false, signal }).catch(() => undefined);
    }
    return null;
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Looks once. Whether the worker is stuck. */
  async look(): Promise<boolean> {
    if (!this.#stays()) return false;
    // A worker that ends meanwhile does not answer.
    const usage = await this.#cpuUsage().catch(() => null);
    if (usage === null || !this.#stays()) return false;
    const used = (usage.user + usage.system) / 1_000;
    this.#since ??= used;
    return used - this.#since >= longestRunMs;
  }

  /** Whether the worker is where it was at the last look. */
  #stays(): boolean {
    const place = readSpot(this.#memory);
    const stays = place !== null && place.count === this.#place?.count;
    if (!stays) this.#since = null;
    this.#place = place;
    return stays;
  }
}
