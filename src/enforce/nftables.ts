import type { Family } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import { keepsOut, type PolicyRule } from '../core/policy.ts';
import type { Asked, Backend, Change, Dropped, Element, Hook, Probe, Taken, Untold } from './backend.ts';
import { hasIpv6 } from './edge.ts';
import { Lane } from './lane.ts';
import type { RuleWatch } from './monitor.ts';
import { commandsFor, prepare } from './nftables/changes.ts';
import { NftChecker } from './nftables/checker.ts';
import { isAbsence, type NftCommand, nftRunner, type RunNft, table } from './nftables/command.ts';
import { parseElements } from './nftables/elements.ts';
import { probeNftables } from './nftables/probe.ts';
import { NftReader } from './nftables/reader.ts';
import { chain } from './nftables/rules.ts';
import { Ruleset } from './nftables/ruleset.ts';
import { countIn, takenBy, tookQuestion } from './nftables/took.ts';
import { NftWriter } from './nftables/writer.ts';
import { inSlices } from './slices.ts';

export interface NftablesOptions {
  /** What to run in place of the `nft` on PATH; tests put another version here, or another namespace. */
  readonly command?: NftCommand;
  /** How long the long-lived child may say nothing while it owes an answer, in ms. */
  readonly silenceMs?: number;
  /** Whether the kernel speaks IPv6; tests put their own here. */
  readonly hasIpv6?: () => Promise<boolean>;
  /** Tells when rules may have changed. */
  readonly watch?: RuleWatch;
  /** How many addresses each set counts the packets of, at a time; tests make it small. */
  readonly room?: number;
}

/** Changes of one transaction: twice as many take a tenth less time each, and hold up others twice as long (70 ms). */
const transactionSize = 10_000;

/**
 * nftables: one table of our own, `inet bailiff`, with one chain that sees every packet before anybody
 * rewrites or tracks it, and a set for each policy, family and prefix length in use. Who is in one goes to the set's
 * own chain, which counts and takes the packet.
 *
 * The sets are hash sets, not interval sets: there one more element among 100,000 costs seconds, and a
 * range and an address in it refuse each other. Each set holds one prefix length, and the packet's address
 * is masked to it.
 */
export class NftablesBackend implements Backend {
  readonly name = 'nftables';
  readonly strength = 'full';
  readonly provable = chain;
  readonly #run: RunNft;
  readonly #lane = new Lane();
  readonly #ruleset: Ruleset;
  readonly #reader: NftReader;
  readonly #checker: NftChecker;
  readonly #writer: NftWriter;
  readonly #hasIpv6: () => Promise<boolean>;

  constructor(options: NftablesOptions = {}) {
    const { command = ['nft'], silenceMs } = options;
    this.#run = nftRunner(command);
    this.#ruleset = new Ruleset(this.#run, this.#lane, options.watch, options.room);
    const silence = silenceMs === undefined ? {} : { silenceMs };
    this.#reader = new NftReader({ run: this.#run, command, ...silence });
    this.#checker = new NftChecker({ run: this.#run, command, ...silence });
    this.#writer = new NftWriter({
      run: this.#run,
      command: [...command, '-i'],
      ...silence,
    });
    this.#hasIpv6 = options.hasIpv6 ?? hasIpv6;
  }

  /** The process id of the child that feeds the sets, where it stands. */
  get childPid(): number | undefined {
    return this.#writer.pid;
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return probeNftables(this.#run, this.#hasIpv6, signal);
  }

  /** Nobody can push a chain of our own from its place, so no hook is ever yielded or moved. */
  async install(
    policies: readonly PolicyRule[],
    _yielded: ReadonlySet<string> = new Set(),
    fill: (() => Promise<void>) | null = null,
  ): Promise<readonly Hook[]> {
    const { made, problem } = await this.#ruleset.ensure(policies, fill);
    // Asked each time, since a kernel may get it later. Without it there are no IPv6 packets to hook.
    const families: readonly Family[] = (await this.#hasIpv6()) ? [4, 6] : [4];
    return families.map((family) => ({
      name: chain,
      family,
      ok: problem === null,
      ...(problem === null ? {} : { problem }),
      ...(made ? { repaired: 'made' } : {}),
    }));
  }

  /** What is enforced otherwise than it was asked for, as sentences; as the last `install` found it. */
  remarks(): readonly string[] {
    return this.#ruleset.lenient.map(
      ({ policy }) => `"${policy}" drops: this kernel rejects no packets before routing (Linux 5.9 does)`,
    );
  }

  dropped(): readonly Dropped[] {
    return this.#ruleset.dropped();
  }

  /**
   * Takes a second for 100,000 elements, and four times as long for twice as many.
   */
  async list(): Promise<readonly Element[]> {
    const listed = await this.#reader.read(this.#ruleset.standing);
    if (!listed.ok && !isAbsence(listed.complaint)) {
      throw new BailiffError('enforcement-failed', `the sets cannot be read: ${listed.complaint}`);
    }
    const { names } = this.#ruleset;
    const elements: Element[] = [];
    await inSlices(
      parseElements(listed.ok ? listed.output : '', (name) => names.read(name)),
      (element) => void elements.push(element),
    );
    return elements;
  }

  /** Asks the kernel to check the deletion of all of them, which it refuses where one is not there. */
  async holds(elements: readonly Pick<Element, 'address' | 'policy'>[]): Promise<boolean> {
    const deletions = elements.map((element) => ({ kind: 'delete', ...element }) as const);
    const { changes } = await prepare(deletions, this.#ruleset.names);
    const commands = commandsFor(changes).filter((command) => command.startsWith('delete '));
    return commands.length === 0 || (await this.#checker.allows(commands));
  }

  /**
   * Of bans that began a known time ago. What the kernel counted of somebody is read with all that its set counts, a
   * bounded number. @throws BailiffError enforcement-failed
   */
  async taken(asked: readonly Asked[]): Promise<(Taken | Untold | null)[]> {
    const answers: (Taken | Untold | null)[] = [];
    for (const each of asked) answers.push(await this.#takenOf(each));
    return answers;
  }

  /**
   * Adds only under policies that `install` was given. Whatever can be applied is, also when it rejects for
   * the rest. @throws BailiffError enforcement-failed, address-invalid
   */
  apply(changes: readonly Change[]): Promise<void> {
    return this.#lane.run(async () => {
      const failures: unknown[] = [];
      for (let from = 0; from < changes.length; from += transactionSize) {
        const part = changes.slice(from, from + transactionSize);
        await this.#applyPart(part, failures).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    });
  }

  uninstall(): Promise<boolean> {
    return this.#lane.run(() => this.#ruleset.remove());
  }

  async close(): Promise<void> {
    await this.#lane.idle();
    await Promise.all([this.#writer.close(), this.#reader.close(), this.#checker.close()]);
  }

  async #applyPart(part: readonly Change[], failures: unknown[]): Promise<void> {
    const { changes, refused, unknown } = await prepare(part, this.#ruleset.names);
    if (refused !== null) failures.push(refused);
    if (unknown !== null) {
      failures.push(new BailiffError('enforcement-failed', `the policy "${unknown}" was not installed`));
    }
    const absent = changes.filter(({ set, timeout }) => timeout !== null && !this.#ruleset.holds(set));
    const sets = absent.map(({ set }) => set);
    if (sets.length > 0) await this.#ruleset.extend(sets).catch((error: unknown) => failures.push(error));
    // What should not stand does not, where its set is not there.
    const possible = changes.filter(({ set }) => this.#ruleset.holds(set));
    await this.#writer.send(possible);
    await this.#writer.forget(
      possible.filter(({ set, timeout }) => timeout === null && keepsOut(set.policy)),
    );
  }

  async #takenOf({ since, ...element }: Asked): Promise<Taken | Untold | null> {
    const { changes } = await prepare([{ kind: 'delete', ...element }], this.#ruleset.names);
    const [change] = changes;
    if (change === undefined || !keepsOut(element.policy)) return null;
    const { set, key } = change;
    const stands = await this.#run(['-c', `delete element ${table} ${set.name} { ${key} }`]);
    if (!stands.ok && isAbsence(stands.complaint)) return null;
    const listed = await this.#run(tookQuestion(set));
    if (!listed.ok) throw new BailiffError('enforcement-failed', `it cannot be read: ${listed.complaint}`);
    const room = await this.#ruleset.countedAllFor(set.family);
    return takenBy(countIn(listed.output, key), Date.now() / 1_000 - since, room);
  }
}
