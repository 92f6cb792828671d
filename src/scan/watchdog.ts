import { longestRunMs } from './filters/timed.ts';
import { isJudging, linesBegin, type Place, readSpot, wakeWatcher } from './spot.ts';

/** How often it is looked where the worker is while it has lines, in ms. */
const lookMs = 25;

/** The CPU time of a thread so far, in microseconds. */
export type CpuUsage = () => Promise<{ readonly user: number; readonly system: number }>;

/**
 * Sees that a worker has spent 100 ms of its own CPU time at one place. Time that passes says nothing: the machine
 * may be busy, or asleep.
 */
export class Watchdog {
  readonly #memory: SharedArrayBuffer;
  readonly #cpuUsage: CpuUsage;
  #stopped = false;
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
    while (!this.#stopped) {
      await linesBegin(this.#memory);
      do {
        await this.#pause();
        if (this.#stopped) return null;
        if (await this.look()) return this.#place;
      } while (isJudging(this.#memory));
    }
    return null;
  }

  stop(): void {
    this.#stopped = true;
    wakeWatcher(this.#memory);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void setTimeout(resolve, lookMs).unref());
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
