import { setImmediate as nextTurn } from 'node:timers/promises';
import { splitTarget, type Target, targetOf } from '../core/policy.ts';
import { Admission } from './admission.ts';
import type { Change, Element } from './backend.ts';
import { changeFor, difference, type Wanted } from './difference.ts';
import type { EnforcerOptions } from './enforcement.ts';
import { proofAddress } from './proof.ts';
import { Repair } from './repair.ts';

/** With more bans than this, a look at the rules and a count, or a sample, stand for most full comparisons. */
const manyBans = 5_000;
/** How long, in seconds, they may; where comparing is costly, for so many times its cost. */
const longestUncompared = 60;
const restPerCost = 300;
/** Bans that are looked for at a time, where they cannot be counted: in turn, so that each is some time. */
const sampleSize = 100;
/** What ends within so many seconds may have ended by then. */
const sampleMargin = 5;
/**
 * Changes of a comparison that are sent together: a single ban waits for no more than these. At the start none waits,
 * and what is ready goes as soon as the part before has gone.
 */
const repairSize = { least: 2_000, most: 2_000 };
const firstRepairSize = { least: 10_000, most: 50_000 };

/** How many elements were put in or right, and how many taken out. */
export interface ChangeCounts {
  readonly adds: number;
  readonly deletes: number;
}

export const noChanges: ChangeCounts = { adds: 0, deletes: 0 };

/**
 * The ledger's bans as the kernel's elements: brings single targets, compares all of them, and puts
 * right what differs. `news` are the targets whose own change is under way: a comparison leaves them
 * out, so it undoes no ban and no unban.
 */
export class Projection {
  readonly #options: EnforcerOptions;
  readonly #admission: Admission;
  #elements = 0;
  readonly #proving: () => boolean;
  #lastComparison: number | null = null;
  /** Seconds that it took. */
  #cost = 0;
  #sampling: Iterator<Wanted> | null = null;
  /** Elements removed since then: the kernel may count them on for seconds. */
  #removed = 0;

  /** `proving`: whether the proof's element may stand in the kernel just now. */
  constructor(options: EnforcerOptions, proving: () => boolean) {
    this.#proving = proving;
    this.#options = options;
    this.#admission = new Admission(options.protectedReason, options.events.refused);
  }

  /** Everything was taken away. */
  forget(): void {
    this.#elements = 0;
  }

  /** In the kernel: as last read, counted on with what was changed since. */
  get elements(): number {
    return this.#elements;
  }

  /** Whether there are so many bans that comparing at each look is too dear. */
  get large(): boolean {
    return this.#options.desired().size > manyBans;
  }

  /** Brings the newest state of these targets. @throws BailiffError enforcement-failed */
  async bring(targets: Iterable<Target>): Promise<void> {
    const desired = this.#options.desired();
    const now = this.#options.clock.now();
    const changes: Change[] = [];
    for (const target of targets) {
      const change = changeFor(target, desired.get(target), now);
      const refused = change.kind === 'add' && !this.#admission.admits(target);
      changes.push(refused ? { kind: 'delete', ...splitTarget(target) } : change);
    }
    await this.#apply(changes);
  }

  /** Whether a count, or a sample, tells that all is well, and the last comparison is not too long ago. */
  async seemsRight(news: ReadonlySet<Target>): Promise<boolean> {
    if (!this.large || this.#lastComparison === null) return false;
    const age = Math.abs(this.#options.clock.now() - this.#lastComparison);
    if (age >= Math.max(longestUncompared, this.#cost * restPerCost)) return false;
    return this.#options.backend.count === undefined ? this.#sampleStands(news) : this.#countsRight(news);
  }

  /** A count may be off by what is under way, and by what has ended and is not yet swept. */
  async #countsRight(news: ReadonlySet<Target>): Promise<boolean> {
    const { backend, desired } = this.#options;
    const counted = (await backend.count?.()) ?? 0;
    // The proof's element may be there just now, or not yet, or not any more.
    this.#elements = this.#proving() ? Math.max(0, counted - 1) : counted;
    const surplus = this.#elements - this.#admission.expected(desired());
    if (this.#proving() && surplus === -1) return true;
    return -surplus <= news.size && surplus <= news.size + this.#removed;
  }

  /** Finds what somebody has emptied, though not what somebody has added. */
  async #sampleStands(news: ReadonlySet<Target>): Promise<boolean> {
    const { backend, clock, desired } = this.#options;
    const soon = clock.now() + sampleMargin;
    const sample: Pick<Element, 'address' | 'policy'>[] = [];
    for (let looked = 0; looked < sampleSize; looked += 1) {
      this.#sampling ??= desired()[Symbol.iterator]();
      const next = this.#sampling.next();
      if (next.done === true) {
        this.#sampling = null;
        continue;
      }
      const [target, until] = next.value;
      const settled = (until === null || until > soon) && !news.has(target);
      if (settled && this.#admission.knows(target)) sample.push(splitTarget(target));
    }
    return sample.length === 0 || (await backend.holds?.(sample)) !== false;
  }

  /**
   * Compares everything that is wanted, by default all that is desired, and puts it right.
   * @returns how much it changed. @throws BailiffError enforcement-failed
   */
  async compare(
    news: ReadonlySet<Target>,
    wanted: Iterable<Wanted> = this.#options.desired(),
  ): Promise<ChangeCounts> {
    const { backend, clock } = this.#options;
    const started = performance.now();
    this.#removed = 0;
    const asked = clock.now();
    const actual = await backend.list();
    const times = { asked, answered: clock.now(), now: () => clock.now() };
    this.#elements = actual.filter(({ address }) => address !== proofAddress).length;
    const made = { adds: 0, deletes: 0 };
    const first = this.#lastComparison === null;
    const repair = new Repair(first ? firstRepairSize : repairSize, async (part) => {
      const { adds, deletes } = await this.#apply(withoutNews(part, news));
      made.adds += adds;
      made.deletes += deletes;
    });
    const admits = (target: Target) => this.#admission.admits(target);
    for (const change of difference(wanted, actual, times, admits)) {
      if (change === null) await nextTurn();
      else repair.add(change);
    }
    this.#cost = (performance.now() - started) / 1000;
    await repair.end();
    // The first finds little to read: what filling the kernel took is nearer to what the next one will take.
    if (first) this.#cost = (performance.now() - started) / 1000;
    this.#lastComparison = clock.now();
    return made;
  }

  async #apply(changes: readonly Change[]): Promise<ChangeCounts> {
    if (changes.length === 0) return noChanges;
    const started = performance.now();
    await this.#options.backend.apply(changes);
    const counts = countChanges(changes);
    this.#elements = Math.max(0, this.#elements + counts.adds - counts.deletes);
    this.#removed += counts.deletes;
    this.#options.events.applied(counts.adds, counts.deletes, (performance.now() - started) / 1000);
    return counts;
  }
}

function withoutNews(changes: readonly Change[], news: ReadonlySet<Target>): readonly Change[] {
  if (news.size === 0) return changes;
  return changes.filter(({ address, policy }) => !news.has(targetOf(address, policy)));
}

function countChanges(changes: readonly Change[]): ChangeCounts {
  let adds = 0;
  for (const { kind } of changes) if (kind === 'add') adds += 1;
  return { adds, deletes: changes.length - adds };
}
