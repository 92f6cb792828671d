import type { Address } from '../core/types.ts';
import { within } from './within.ts';

export interface AnswerBookParts {
  /** What speaks for an address; nothing does where it is empty. Rejects where that cannot be told just now. */
  readonly ask: (address: Address) => Promise<readonly string[]>;
  /** Seconds; never set back. */
  readonly now: () => number;
  /** How long an answer holds, in seconds: that something speaks for an address, and that nothing does. */
  readonly lives: { readonly yes: number; readonly no: number };
  /** Questions under way at a time. */
  readonly atOnce: number;
  /** Questions a second, in the long run; as many as in two seconds may come at a time. */
  readonly perSecond: number;
  /** How long a ban waits for an answer, in ms. An answer that comes later counts, too. */
  readonly patienceMs: number;
  /** Called when something else speaks for an address than before. */
  readonly changed: (address: Address) => void;
}

interface Known {
  readonly answer: readonly string[];
  readonly until: number;
}

/** Addresses for whom something speaks, and those for whom nothing does; clients choose the latter. */
const mostGood = 1_000;
const mostBad = 10_000;
const mostWaiting = 1_000;
/** How long it counts that nobody knows, in seconds: an attacker's own name server may be silent. It is asked again, ever more rarely. */
const unknownLife = 60;
const mostTries = 8;
const mostLater = 10_000;
/** Questions that one `review` puts. */
const mostReviewed = 100;

/**
 * What has to be asked about an address before it is banned, and what was answered. However many come, there is a bounded
 * number of questions, and nobody waits for long. Whoever was spoken for stays so until an answer says otherwise.
 */
export class AnswerBook {
  readonly #parts: AnswerBookParts;
  readonly #good = new Map<Address, Known>();
  /** By address: until when nothing speaks for it. The oldest first. */
  readonly #bad = new Map<Address, number>();
  readonly #asked = new Map<Address, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  /** What is to be asked without anybody who waits, since it was not known. */
  readonly #later = new Map<Address, { readonly tries: number; readonly due: number }>();
  #running = 0;
  #budget: number;
  #budgetAt: number;

  constructor(parts: AnswerBookParts) {
    this.#parts = parts;
    this.#budget = 2 * parts.perSecond;
    this.#budgetAt = parts.now();
  }

  /** For whom something speaks, and what. */
  get known(): Iterable<readonly [Address, Known]> {
    return this.#good;
  }

  /** What was answered in an earlier run: it holds until it is asked again, at the next review. */
  restore(known: Iterable<readonly [Address, readonly string[]]>): void {
    const until = this.#parts.now();
    for (const [address, answer] of known) keep(this.#good, address, { answer, until }, mostGood);
  }

  /** Asks about an address. Returns null where there is nothing to wait for, else what never rejects. */
  ask(address: Address): Promise<void> | null {
    if (this.#good.has(address) || (this.#bad.get(address) ?? 0) > this.#parts.now()) return null;
    const asked = this.#asked.get(address) ?? this.#begin(address);
    return asked === null ? null : within(asked, this.#parts.patienceMs).catch(() => undefined);
  }

  /** Has it asked at one of the next reviews. */
  later(address: Address): void {
    if (this.#good.has(address) || this.#later.has(address)) return;
    this.#postpone(address, 0, this.#parts.now());
  }

  /** Puts what is due: what could not be told, and what was told long ago. */
  review(): void {
    const now = this.#parts.now();
    const due: Address[] = [];
    for (const [address, later] of this.#later) {
      if (due.length >= mostReviewed) break;
      if (later.due <= now) due.push(address);
    }
    for (const [address, { until }] of this.#good) {
      if (due.length >= mostReviewed) break;
      if (until <= now) due.push(address);
    }
    for (const address of due) if (!this.#asked.has(address)) void this.#begin(address);
  }

  /** Other questions are asked from now on: nobody is refused by what was answered before. */
  forgetRefusals(): void {
    this.#bad.clear();
  }

  /** Null: there are too many already, and it is asked later. */
  #begin(address: Address): Promise<void> | null {
    if (this.#waiting.length >= mostWaiting || !this.#afford()) {
      this.later(address);
      return null;
    }
    const asked = this.#question(address).finally(() => this.#asked.delete(address));
    this.#asked.set(address, asked);
    return asked;
  }

  #afford(): boolean {
    const { now, perSecond } = this.#parts;
    const time = now();
    this.#budget = Math.min(2 * perSecond, this.#budget + (time - this.#budgetAt) * perSecond);
    this.#budgetAt = time;
    if (this.#budget < 1) return false;
    this.#budget -= 1;
    return true;
  }

  async #question(address: Address): Promise<void> {
    await this.#turn();
    try {
      this.#settle(address, await this.#parts.ask(address));
    } catch {
      this.#unknown(address);
    } finally {
      this.#passOn();
    }
  }

  #settle(address: Address, answer: readonly string[]): void {
    const { now, lives, changed } = this.#parts;
    const before = this.#good.get(address)?.answer ?? [];
    this.#later.delete(address);
    this.#good.delete(address);
    this.#bad.delete(address);
    if (answer.length > 0) keep(this.#good, address, { answer, until: now() + lives.yes }, mostGood);
    else keep(this.#bad, address, now() + lives.no, mostBad);
    if (before.join(' ') !== answer.join(' ')) changed(address);
  }

  #unknown(address: Address): void {
    const until = this.#parts.now() + unknownLife;
    const good = this.#good.get(address);
    if (good !== undefined) {
      this.#good.set(address, { ...good, until });
      return;
    }
    keep(this.#bad, address, until, mostBad);
    const tries = (this.#later.get(address)?.tries ?? 0) + 1;
    this.#later.delete(address);
    if (tries < mostTries) this.#postpone(address, tries, until + unknownLife * (2 ** (tries - 1) - 1));
  }

  #postpone(address: Address, tries: number, due: number): void {
    if (this.#later.size < mostLater) this.#later.set(address, { tries, due });
  }

  /** Waits until another question may be put, and takes its place. */
  async #turn(): Promise<void> {
    if (this.#running < this.#parts.atOnce) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Gives the place to whoever waits the longest. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

/** As the newest; the oldest goes where there are too many. */
function keep<Value>(map: Map<Address, Value>, address: Address, value: Value, most: number): void {
  map.delete(address);
  map.set(address, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
