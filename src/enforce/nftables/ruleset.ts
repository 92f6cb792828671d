import type { Family } from '../../core/address.ts';
import { BailiffError } from '../../core/errors.ts';
import type { PolicyRule } from '../../core/policy.ts';
import type { Dropped } from '../backend.ts';
import { Lane } from '../lane.ts';
import { LookCost } from '../look-cost.ts';
import { longestUnread, type RuleWatch } from '../monitor.ts';
import { Tally } from '../tally.ts';
import { family, isAbsence, type RunNft, table } from './command.ts';
import { canReject } from './probe.ts';
import {
  chain,
  counters,
  type Place,
  presenceText,
  setsText,
  tableText,
  uncounted,
  type Wanted,
  wakeText,
} from './rules.ts';
import type { NftSet, SetNames } from './sets.ts';
import { mayHold, parseTable, type StandingTable } from './table.ts';
import { Wish } from './wish.ts';

/** What one look at the table came to. */
export interface Look {
  /** Something was put in place. */
  readonly made: boolean;
  /** Why it is not as it should be, or null. */
  readonly problem: string | null;
}

/** The rules as they were written, and the chains as this version of nft prints it. */
interface Learned {
  readonly wrote: string;
  readonly prints: string;
  readonly places: readonly Place[];
}

/**
 * To list one table, nft 1.0.6 reads each element of each set (0.5 s at a hundred thousand); to list all tables of the
 * family without elements, none, as 1.1.3 in either case. Older ones always do. A look that takes longer than this, in ms,
 * is made again after so many times as long; a smaller one stands in till then. A busy machine makes none dear: nobody's
 * rule before ours should go unseen on it for long.
 */
const costlyLook = 100;
const restAfterLook = 100;

/** Others write too: how often a writing is followed by another before it counts as in vain. */
const attempts = 4;

/**
 * Our table but for the elements in it: makes it, and keeps it, what the policies say. Each writing is one
 * transaction; elements stay where they are.
 */
export class Ruleset {
  readonly #run: RunNft;
  readonly #watch: RuleWatch | undefined;
  readonly #lane: Lane;
  readonly #reading = new Lane();
  readonly #tally = new Tally();
  readonly #room: number | undefined;
  readonly #full = new Map<Family, { readonly packets: number; readonly at: number }>();
  #wish: Wish;
  #standing: readonly NftSet[] = [];
  #learned: Learned | null = null;
  #lookAgainAt = 0;
  readonly #cost = new LookCost();
  #canReject: boolean | null = null;
  /** What stood when all was last right, as the watch tells it. */
  #right: { readonly mark: number | null; readonly wanted: string; readonly at: number } | null = null;

  /**
   * `watch` spares reading while it sees no change. Writing goes through the `lane`, on which whoever writes elements must
   * be too: it may have to make a set for them. `room`: how many addresses a set counts at a time.
   */
  constructor(run: RunNft, lane: Lane, watch?: RuleWatch, room?: number) {
    this.#room = room;
    this.#wish = new Wish([], true, room);
    this.#run = run;
    this.#watch = watch;
    this.#lane = lane;
  }

  get names(): SetNames {
    return this.#wish.names;
  }

  /** The policies whose `reject` this kernel cannot do here, and which drop instead. */
  get lenient(): readonly PolicyRule[] {
    return this.#wish.lenient;
  }

  /** Whether the set was there when the table was last read or written. */
  holds({ name }: NftSet): boolean {
    return this.#standing.some((set) => set.name === name);
  }

  /** The sets of bans that were there then. */
  get standing(): readonly NftSet[] {
    return this.#standing;
  }

  dropped(): Dropped[] {
    return this.#tally.dropped();
  }

  /**
   * For how many seconds there has been room to count everybody who was dropped; null: always, as far as the table
   * tells. @throws BailiffError enforcement-failed
   */
  async countedAllFor(family: Family): Promise<number | null> {
    await this.#read();
    const full = this.#full.get(family);
    return full === undefined || full.packets === 0 ? null : (performance.now() - full.at) / 1_000;
  }

  /**
   * Makes the table be what these policies say. Where rules of other policies stand, `fill` is called before they
   * change, with the sets of these made beside them. @throws BailiffError enforcement-failed, where it cannot be read
   */
  async ensure(policies: readonly PolicyRule[], fill: (() => Promise<void>) | null = null): Promise<Look> {
    if (this.#canReject === null && policies.some(({ action }) => action === 'reject')) {
      this.#canReject = await canReject(this.#run);
    }
    this.#wish = new Wish(policies, this.#canReject !== false, this.#room);
    const mark = this.#watch?.mark() ?? null;
    const wanted = JSON.stringify(policies);
    if (this.#isUntouched(mark, wanted)) return { made: false, problem: null };
    this.#right = null;
    if (performance.now() < this.#lookAgainAt && (await this.#stillThere())) {
      return { made: false, problem: null };
    }
    const standing = await this.#read();
    if (!this.#isRight(standing, this.#wanted(standing))) {
      if (fill !== null && (await this.#prepare(standing))) await fill();
      return this.#lane.run(() => this.#repair([]));
    }
    this.#standing = this.#wish.standingSets(standing);
    // The mark is of before the reading: what changes meanwhile makes the next one read again.
    this.#right = { mark, wanted, at: performance.now() };
    return { made: false, problem: null };
  }

  /** Makes the sets that lack beside rules that stand. @returns whether it did */
  async #prepare(standing: StandingTable): Promise<boolean> {
    const lacking = this.#wanted(standing).sets.filter(({ name }) => !standing.sets.has(name));
    if (standing.places.length === 0 || lacking.length === 0) return false;
    const { ok } = await this.#lane.run(() => this.#run(commandsIn(setsText(lacking))));
    if (ok) this.#standing = this.#wish.standingSets(await this.#read());
    return ok;
  }

  /** Whether all was right when it was last read, the same is wanted, and no rule has changed since. */
  #isUntouched(mark: number | null, wanted: string): boolean {
    const right = this.#right;
    if (right === null || mark === null || mark !== right.mark || wanted !== right.wanted) return false;
    return performance.now() - right.at < longestUnread;
  }

  /** Makes sets for elements that are about to come. To be called on the lane. @throws BailiffError enforcement-failed */
  async extend(sets: readonly NftSet[]): Promise<void> {
    const { problem } = await this.#repair(sets);
    if (problem !== null) throw new BailiffError('enforcement-failed', `a set could not be made: ${problem}`);
  }

  /** Takes the table away, with all that is in it. @returns whether it stood. @throws BailiffError enforcement-failed */
  async remove(): Promise<boolean> {
    this.#standing = [];
    this.#learned = null;
    this.#right = null;
    const answer = await this.#run(['delete', 'table', ...table.split(' ')]);
    if (answer.ok || isAbsence(answer.complaint)) return answer.ok;
    throw new BailiffError('enforcement-failed', `our table could not be taken away: ${answer.complaint}`);
  }

  /** One after another, so that counters are seen in their order. */
  #read(): Promise<StandingTable> {
    return this.#reading.run(() => this.#readNow());
  }

  async #readNow(): Promise<StandingTable> {
    const started = performance.now();
    const listed = await this.#run(['-t', '-a', 'list', 'ruleset', family]);
    const now = performance.now();
    const cost = this.#cost.add(now - started);
    this.#lookAgainAt = cost > costlyLook ? now + restAfterLook * cost : 0;
    if (!listed.ok)
      throw new BailiffError('enforcement-failed', `the rules cannot be read: ${listed.complaint}`);
    const standing = parseTable(listed.output);
    for (const family of [4, 6] as const) {
      const name = counters[family];
      this.#tally.read(name, chain, family, standing.counters.get(name) ?? { packets: 0, bytes: 0 });
      const packets = standing.counters.get(uncounted[family])?.packets ?? 0;
      if (packets !== this.#full.get(family)?.packets) this.#full.set(family, { packets, at: now });
    }
    return standing;
  }

  /**
   * Whether the rules stand as they were last written, without a list: the kernel is asked to check a deletion
   * of each. As long as they do, so do the sets they look into and the chain they are in; only a foreign rule
   * before them, or a table put to sleep, waits for the next whole look.
   */
  async #stillThere(): Promise<boolean> {
    const learned = this.#learned;
    if (learned === null || learned.places.length === 0) return false;
    if (learned.wrote !== textOf(this.#wish.wanted(this.#standing))) return false;
    return (await this.#run(['-c', ...commandsIn(presenceText(learned.places))])).ok;
  }

  async #repair(extra: readonly NftSet[]): Promise<Look> {
    let standing = await this.#read();
    let problem = 'others keep changing it';
    let refusals = 0;
    // At first nobody knows how nft prints our rules, so they are written also where they seem to stand.
    const stood = this.#learned === null && this.#wish.seemsMet(standing, this.#wanted(standing, extra));
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const wanted = this.#wanted(standing, extra);
      if (this.#isRight(standing, wanted)) {
        this.#standing = this.#wish.standingSets(standing);
        return { made: attempt > 0 && !stood, problem: null };
      }
      // What was refused twice has something in its way, and what is in our table is ours to take away.
      const whole = tableText(wanted, this.#wish.discarded(standing), refusals > 1);
      const { ok, complaint } = await this.#run(commandsIn(standing.dormant ? wakeText : whole));
      if (!ok) {
        problem = complaint;
        refusals += 1;
      }
      const wrote = ok && !standing.dormant;
      standing = await this.#read();
      if (wrote) this.#learn(standing, wanted);
    }
    this.#standing = this.#wish.standingSets(standing);
    return { made: false, problem };
  }

  #wanted(standing: StandingTable, extra: readonly NftSet[] = []): Wanted {
    return this.#wish.wanted([...this.#wish.standingSets(standing), ...extra]);
  }

  #isRight(standing: StandingTable, wanted: Wanted): boolean {
    return (
      this.#learned?.wrote === textOf(wanted) &&
      this.#learned.prints === printed(standing) &&
      this.#wish.seemsMet(standing, wanted)
    );
  }

  #learn(standing: StandingTable, wanted: Wanted): void {
    this.#learned = mayHold(standing, wanted.rules)
      ? { wrote: textOf(wanted), prints: printed(standing), places: standing.places }
      : null;
  }
}

function textOf({ rules }: Wanted): string {
  return rules.map(({ chain, text }) => `${chain} ${text}`).join('\n');
}

function printed({ chains }: StandingTable): string {
  return [...chains].map(([name, lines]) => [name, ...lines].join('\n')).join('\n');
}

/** Each an argument of its own: all of them may be longer than one can be. */
function commandsIn(lines: readonly string[]): string[] {
  return lines.map((line) => `${line};`);
}
