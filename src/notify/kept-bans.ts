import type { BanEvent, Evidence } from './notifier.ts';

interface Kept {
  readonly event: BanEvent;
  readonly epoch: number;
}

const none: Evidence = { failures: 0, matches: [] };

/** The bans that an action has carried out: what it has to take back at its end, and to do again after a repair. */
export class KeptBans {
  readonly #kept = new Map<string, Kept>();
  /** How often what was done may have been lost. */
  #epoch = 0;

  keep(event: BanEvent): void {
    this.#kept.set(event.address, { event: slim(event), epoch: this.#epoch });
  }

  /** An event with the host that was banned for its address, where the event has another of the same range. */
  sameAs(event: BanEvent): BanEvent {
    const kept = this.#kept.get(event.address)?.event;
    return kept === undefined ? event : { ...event, host: kept.host, fields: kept.fields };
  }

  forget({ address }: BanEvent): void {
    this.#kept.delete(address);
  }

  all(): BanEvent[] {
    return [...this.#kept.values()].map(({ event }) => event);
  }

  /** All of them may have been lost. */
  doubt(): void {
    this.#epoch += 1;
  }

  isSound({ address }: BanEvent): boolean {
    return (this.#kept.get(address)?.epoch ?? this.#epoch) === this.#epoch;
  }
}

/** Without the evidence, which would take kilobytes for each. */
function slim(event: BanEvent): BanEvent {
  const { inJail, inAllJails } = event;
  return {
    ...event,
    matches: [],
    inJail: { ...none, failures: inJail.failures },
    inAllJails: { ...none, failures: inAllJails.failures },
  };
}
