import type { Target } from '../core/policy.ts';
import { Lane } from './lane.ts';

interface Batch {
  readonly targets: Set<Target>;
  readonly acknowledged: Promise<void>;
}

/**
 * Group commit: the first change goes at once; those that come while a batch is in flight form the next
 * one together. It also knows which targets are news to somebody who is reading the kernel meanwhile.
 */
export class Batches {
  readonly #send: (targets: ReadonlySet<Target>) => Promise<void>;
  readonly #recover: (error: unknown, targets: ReadonlySet<Target>) => Promise<void>;
  readonly #lane = new Lane();
  #inFlight: ReadonlySet<Target> = new Set();
  #waiting: Batch | null = null;
  #news: Set<Target> | null = null;

  /** `recover` is called when `send` rejects; what it does holds up no further batch. */
  constructor(
    send: (targets: ReadonlySet<Target>) => Promise<void>,
    recover: (error: unknown, targets: ReadonlySet<Target>) => Promise<void>,
  ) {
    this.#send = send;
    this.#recover = recover;
  }

  /** Resolves when a batch that holds this target was sent, or recovered. */
  add(target: Target): Promise<void> {
    this.#news?.add(target);
    this.#waiting ??= this.#open();
    this.#waiting.targets.add(target);
    return this.#waiting.acknowledged;
  }

  /** Lets no batch go until `work` is over. */
  hold(work: () => Promise<void>): Promise<void> {
    return this.#lane.run(work);
  }

  idle(): Promise<void> {
    return this.#lane.idle();
  }

  /**
   * The targets on their way to the kernel, and from now on each that is added, until `unwatch`: what
   * is read from the kernel meanwhile says nothing of them, and their own batch brings their newest state.
   */
  watch(): ReadonlySet<Target> {
    this.#news = new Set([...this.#inFlight, ...(this.#waiting?.targets ?? [])]);
    return this.#news;
  }

  unwatch(): void {
    this.#news = null;
  }

  #open(): Batch {
    const targets = new Set<Target>();
    const sent = this.#lane.run(async () => {
      this.#waiting = null;
      this.#inFlight = targets;
      try {
        await this.#send(targets);
      } finally {
        this.#inFlight = new Set();
      }
    });
    const acknowledged = sent.catch((error: unknown) => this.#recover(error, targets));
    acknowledged.catch(() => undefined);
    return { targets, acknowledged };
  }
}
