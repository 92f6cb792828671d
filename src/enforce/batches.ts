import type { Address } from '../core/types.ts';
import { Lane } from './lane.ts';

interface Batch {
  readonly addresses: Set<Address>;
  readonly acknowledged: Promise<void>;
}

/**
 * Group commit: the first change goes at once; those that come while a batch is in flight form the next
 * one together. It also knows which addresses are news to somebody who is reading the kernel meanwhile.
 */
export class Batches {
  readonly #send: (addresses: ReadonlySet<Address>) => Promise<void>;
  readonly #recover: (error: unknown) => Promise<void>;
  readonly #lane = new Lane();
  #inFlight: ReadonlySet<Address> = new Set();
  #waiting: Batch | null = null;
  #news: Set<Address> | null = null;

  /** `recover` is called when `send` rejects; what it does holds up no further batch. */
  constructor(
    send: (addresses: ReadonlySet<Address>) => Promise<void>,
    recover: (error: unknown) => Promise<void>,
  ) {
    this.#send = send;
    this.#recover = recover;
  }

  /** Resolves when a batch that holds this address was sent, or recovered. */
  add(address: Address): Promise<void> {
    this.#news?.add(address);
    this.#waiting ??= this.#open();
    this.#waiting.addresses.add(address);
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
   * The addresses on their way to the kernel, and from now on each that is added, until `unwatch`: what
   * is read from the kernel meanwhile says nothing of them, and their own batch brings their newest state.
   */
  watch(): ReadonlySet<Address> {
    this.#news = new Set([...this.#inFlight, ...(this.#waiting?.addresses ?? [])]);
    return this.#news;
  }

  unwatch(): void {
    this.#news = null;
  }

  #open(): Batch {
    const addresses = new Set<Address>();
    const sent = this.#lane.run(async () => {
      this.#waiting = null;
      this.#inFlight = addresses;
      try {
        await this.#send(addresses);
      } finally {
        this.#inFlight = new Set();
      }
    });
    const acknowledged = sent.catch(this.#recover);
    acknowledged.catch(() => undefined);
    return { addresses, acknowledged };
  }
}
