import { BailiffError } from '../core/errors.ts';
import type { PolicyRule } from '../core/policy.ts';
import type { Dropped } from './backend.ts';
import { Lane } from './lane.ts';
import { isAbsence, type RunNft, table } from './nft-command.ts';
import { Counts } from './nft-counts.ts';
import { canReject } from './nft-probe.ts';
import { presenceText, rulesOf, tableText, type Wanted } from './nft-rules.ts';
import { firstSets, isDeclared, isOurName, type NftSet, SetNames } from './nft-sets.ts';
import { emptyTable, mayHold, parseTable, type StandingTable } from './nft-table.ts';

/** What one look at the table came to. */
export interface Look {
  /** Something was put in place. */
  readonly made: boolean;
  /** Why it is not as it should be, or null. */
  readonly problem: string | null;
}

/** The chain as it was written, and as this version of nft prints it. */
interface Learned {
  readonly wrote: string;
  readonly prints: string;
  readonly handles: readonly number[];
}

/**
 * To list the rules, nft 1.0.6 reads each element of each set (0.7 s at a hundred thousand), 1.1.3 none. A look
 * that took longer than this, in ms, is made again after so many times as long; a smaller one stands in till then.
 */
const costlyLook = 100;
const restAfterLook = 100;

/**
 * Our table but for the elements in it: makes it, and keeps it, what the policies say. Each writing is one
 * transaction; elements stay where they are.
 */
export class Ruleset {
  readonly #run: RunNft;
  readonly #lane: Lane;
  readonly #reading = new Lane();
  names = new SetNames([]);
  #policies: readonly PolicyRule[] = [];
  #standing: ReadonlyMap<string, NftSet> = new Map();
  #learned: Learned | null = null;
  #lookAgainAt = 0;
  #canReject: boolean | null = null;
  readonly #counts = new Counts();

  /** Writing goes through the `lane`, on which whoever writes elements must be too: it may have to make a set for them. */
  constructor(run: RunNft, lane: Lane) {
    this.#run = run;
    this.#lane = lane;
  }

  /** Whether the set was there when the table was last read or written. */
  holds(set: NftSet): boolean {
    return this.#standing.has(set.name);
  }

  /** The policies whose `reject` this kernel cannot do here, and which drop instead. */
  get lenient(): readonly PolicyRule[] {
    return this.#canReject === false ? this.#policies.filter(({ action }) => action === 'reject') : [];
  }

  dropped(): Dropped[] {
    return this.#counts.dropped();
  }

  /** Makes the table be what these policies say. @throws BailiffError enforcement-failed, where it cannot be read */
  async ensure(policies: readonly PolicyRule[]): Promise<Look> {
    this.#policies = policies;
    this.names = new SetNames(policies.map(({ policy }) => policy));
    if (this.#canReject === null && policies.some(({ action }) => action === 'reject')) {
      this.#canReject = await canReject(this.#run);
    }
    if (performance.now() < this.#lookAgainAt && (await this.#stillThere())) {
      return { made: false, problem: null };
    }
    const standing = await this.#read();
    if (this.#isRight(standing, this.#wanted(standing))) {
      this.#remember(standing);
      return { made: false, problem: null };
    }
    return this.#lane.run(() => this.#repair([]));
  }

  /** Makes sets for elements that are about to come. To be called on the lane. @throws BailiffError enforcement-failed */
  async extend(sets: readonly NftSet[]): Promise<void> {
    const { problem } = await this.#repair(sets);
    if (problem !== null) throw new BailiffError('enforcement-failed', `a set could not be made: ${problem}`);
  }

  /** Takes the table away, with all that is in it. @returns whether it stood. @throws BailiffError enforcement-failed */
  async remove(): Promise<boolean> {
    this.#standing = new Map();
    this.#learned = null;
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
    const listed = await this.#run(['-t', '-a', 'list', 'table', ...table.split(' ')]);
    const now = performance.now();
    this.#lookAgainAt = now - started > costlyLook ? now + restAfterLook * (now - started) : 0;
    if (!listed.ok && !isAbsence(listed.complaint)) {
      throw new BailiffError('enforcement-failed', `the rules cannot be read: ${listed.complaint}`);
    }
    const standing = listed.ok ? parseTable(listed.output) : emptyTable;
    this.#counts.add(standing.counters);
    return standing;
  }

  /**
   * Whether the rules stand as they were last written, without a list: the kernel is asked to check a deletion
   * of each. As long as they do, so do the sets they look into and the chain they are in; only a foreign rule
   * before them, or a table put to sleep, waits for the next whole look.
   */
  async #stillThere(): Promise<boolean> {
    const learned = this.#learned;
    if (learned === null || learned.handles.length === 0) return false;
    if (learned.wrote !== textOf(this.#wantedOf([...this.#standing.values()]))) return false;
    return (await this.#run(['-c', presenceText(learned.handles)])).ok;
  }

  async #repair(extra: readonly NftSet[]): Promise<Look> {
    let standing = await this.#read();
    let problem = 'others keep changing it';
    let refusals = 0;
    // At first nobody knows how nft prints our rules, so they are written also where they seem to stand.
    const stood = this.#learned === null && this.#seemsRight(standing, this.#wanted(standing, extra));
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const wanted = this.#wanted(standing, extra);
      if (this.#isRight(standing, wanted)) {
        this.#remember(standing);
        return { made: attempt > 0 && !stood, problem: null };
      }
      // What was refused twice has something in its way, and what is in our table is ours to take away.
      const text = tableText(wanted, this.#discarded(standing), refusals > 1);
      const written = await this.#run([text]);
      if (!written.ok) {
        problem = written.complaint;
        refusals += 1;
      }
      standing = await this.#read();
      if (written.ok) this.#learn(standing, wanted);
    }
    this.#remember(standing);
    return { made: false, problem };
  }

  #wanted(standing: StandingTable, extra: readonly NftSet[] = []): Wanted {
    const found = [...standing.sets.keys()].flatMap((name) => this.names.read(name) ?? []);
    return this.#wantedOf([...found, ...extra]);
  }

  #wantedOf(others: readonly NftSet[]): Wanted {
    const first = this.#policies.flatMap(({ policy }) =>
      firstSets.flatMap(({ family, bits }) => this.names.of(policy, family, bits) ?? []),
    );
    const sets = new Map([...first, ...others].map((set) => [set.name, set]));
    const ordered = [...sets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { sets: ordered, rules: rulesOf(this.#policies, ordered, this.#canReject !== false) };
  }

  /** Sets that bear a name of ours and are of no policy in force, or are another kind of set. */
  #discarded({ sets }: StandingTable): string[] {
    return [...sets].flatMap(([name, body]) => {
      if (!isOurName(name)) return [];
      const set = this.names.read(name);
      return set !== null && isDeclared(set, body) ? [] : [name];
    });
  }

  #isRight(standing: StandingTable, wanted: Wanted): boolean {
    return (
      this.#learned?.wrote === textOf(wanted) &&
      this.#learned.prints === standing.chain?.join('\n') &&
      this.#seemsRight(standing, wanted)
    );
  }

  #seemsRight(standing: StandingTable, wanted: Wanted): boolean {
    return (
      mayHold(standing, wanted.rules) &&
      wanted.sets.every(({ name }) => standing.sets.has(name)) &&
      this.#discarded(standing).length === 0
    );
  }

  #learn(standing: StandingTable, wanted: Wanted): void {
    this.#learned = mayHold(standing, wanted.rules)
      ? { wrote: textOf(wanted), prints: standing.chain?.join('\n') ?? '', handles: standing.handles }
      : null;
  }

  #remember({ sets }: StandingTable): void {
    const known = [...sets.keys()].flatMap((name) => this.names.read(name) ?? []);
    this.#standing = new Map(known.map((set) => [set.name, set]));
  }
}

function textOf({ rules }: Wanted): string {
  return rules.map(({ text }) => text).join('\n');
}
