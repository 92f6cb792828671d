import { type Family, familyOf } from '../core/address.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { PolicyRule } from '../core/policy.ts';
import {
  type Backend,
  type Change,
  type Dropped,
  type Element,
  type Hook,
  hookKey,
  type Taken,
} from './backend.ts';
import { hasIpv6 } from './edge.ts';
import { setName } from './iptables/element.ts';
import { Ipset, type IpsetOptions } from './iptables/ipset.ts';
import { probeIptables } from './iptables/probe.ts';
import { RuleKeeper } from './iptables/rule-keeper.ts';
import { holdsOurs, releaseText, removalText, tableNames } from './iptables/rules.ts';
import { families, Sets } from './iptables/sets.ts';
import { type Stack, settle, type Tables, Variants } from './iptables/variants.ts';
import type { RuleWatch } from './monitor.ts';

export interface IptablesOptions extends IpsetOptions {
  /** Whether the kernel speaks IPv6; tests put their own here. */
  readonly hasIpv6?: () => Promise<boolean>;
  /** Tells when rules may have changed. */
  readonly watch?: RuleWatch;
  /** Elements a new set may hold. */
  readonly capacity?: number;
}

/**
 * ipset and iptables: a pair of sets for each policy, and one chain that takes what is in them, entered
 * before anything else on the three ways a packet can take (INPUT, FORWARD through DOCKER-USER,
 * raw/PREROUTING).
 */
export class IptablesBackend implements Backend {
  readonly name = 'iptables';
  readonly strength = 'full';
  /** raw lets loopback pass, so that a connection over it meets INPUT. */
  readonly provable = 'INPUT';
  readonly #channels;
  readonly #sets: Sets;
  readonly #hasIpv6: () => Promise<boolean>;
  readonly #variants: Variants;
  readonly #keeper = new RuleKeeper();
  /** By the name of the set that is not as it must be. */
  #setProblems: ReadonlyMap<string, string> = new Map();
  /** Why rules of an earlier run could not be taken away. */
  #leftOvers: string[] = [];

  constructor(options: IptablesOptions = {}) {
    this.#channels = { writer: new Ipset(options), reader: new Ipset(options), headers: new Ipset(options) };
    this.#sets = new Sets(this.#channels, options.capacity);
    this.#variants = new Variants(options.watch);
    this.#hasIpv6 = options.hasIpv6 ?? hasIpv6;
  }

  /** The process id of the child that feeds the sets, where it stands. */
  get childPid(): number | undefined {
    return this.#channels.writer.pid;
  }

  probe(signal: AbortSignal) {
    return probeIptables(signal, this.#hasIpv6);
  }

  async install(
    policies: readonly PolicyRule[],
    yielded: ReadonlySet<string> = new Set(),
    fill: () => Promise<void> = async () => undefined,
  ): Promise<Hook[]> {
    const names = policies.map(({ policy }) => policy);
    this.#setProblems = await this.#sets.ensure(names, (family) => this.#release(family));
    const filled = fill();
    filled.catch(() => undefined);
    try {
      return await this.#installRules(policies, yielded, filled);
    } finally {
      // Also where the rules could not be read: nothing of this look goes on after it.
      await filled;
    }
  }

  /** While the sets are filled, where no rules of ours stand whose bans would be let in meanwhile. */
  async #installRules(
    policies: readonly PolicyRule[],
    yielded: ReadonlySet<string>,
    filled: Promise<void>,
  ): Promise<Hook[]> {
    const present = await this.#variants.present();
    if (present.some(holdsChain)) await filled;
    const stacks = await this.#variants.chosen(present);
    // Asked each time, since a kernel may get it later. Without it there are no IPv6 packets to hook.
    const hooked = (await this.#hasIpv6()) ? families : families.filter((family) => family !== 6);
    const hooks: Hook[] = [];
    for (const stack of stacks) {
      const tables = stack.tables.filter(({ family }) => hooked.includes(family));
      // Both families at once: each is half a dozen processes, one after the other, at a start. None of them throws.
      const found = await Promise.all(tables.map((each) => this.#repair(each, policies, yielded)));
      hooks.push(...found.flat().map((hook) => (stacks.length > 1 ? inVariant(hook, stack) : hook)));
    }
    await filled;
    this.#leftOvers = [];
    for (const stack of present.filter((each) => !stacks.includes(each))) await this.#removeLeftOvers(stack);
    await this.#sets.sweep();
    return merge(hooks);
  }

  list(): Promise<Element[]> {
    return this.#sets.list(new Set(this.#setProblems.keys()));
  }

  count(): Promise<number> {
    return this.#sets.count();
  }

  taken(elements: readonly Pick<Element, 'address' | 'policy'>[]): Promise<readonly (Taken | null)[]> {
    return this.#sets.taken(elements);
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (this.#setProblems.size === 0) return this.#sets.apply(changes);
    await this.#sets.apply(changes.filter((change) => this.#problemOf(change) === undefined));
    const lost = changes.find((change) => change.kind === 'add' && this.#problemOf(change) !== undefined);
    if (lost === undefined) return;
    throw new BailiffError('enforcement-failed', this.#problemOf(lost) ?? '', {
      where: setName(familyOf(lost.address), lost.policy),
    });
  }

  dropped(): readonly Dropped[] {
    return this.#keeper.dropped();
  }

  remarks(): readonly string[] {
    return [...this.#keeper.remarks(), ...this.#sets.remarks(), ...this.#leftOvers];
  }

  async uninstall(): Promise<boolean> {
    const present = await this.#variants.present();
    const stood = present.some(holdsChain);
    for (const stack of present) for (const tables of stack.tables) await this.#remove(stack, tables);
    return (await this.#sets.destroy()) || stood;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#channels).map((channel) => channel.close()));
  }

  #problemOf({ address, policy }: Change): string | undefined {
    return this.#setProblems.get(setName(familyOf(address), policy));
  }

  /** Rules must not name a set that is not there: they would all be refused. */
  async #repair(
    tables: Tables,
    all: readonly PolicyRule[],
    yielded: ReadonlySet<string>,
  ): Promise<readonly Hook[]> {
    const { family } = tables;
    const problems = all.map(({ policy }) => this.#setProblems.get(setName(family, policy)));
    const policies = all.filter((_, index) => problems[index] === undefined);
    const hooks = await this.#keeper.repair(tables, { family, policies, yielded });
    const lost = problems.find((problem) => problem !== undefined);
    if (lost === undefined) return hooks;
    return hooks.map((hook) => ({
      ...hook,
      ok: false,
      problem: [hook.problem, lost].filter(Boolean).join(': '),
    }));
  }

  /** Takes the rules off a set of ours that has to be replaced; the chain is filled again by the repair that follows. */
  async #release(family: Family): Promise<void> {
    for (const stack of await this.#variants.present()) {
      for (const tables of stack.tables) {
        if (tables.family !== family) continue;
        for (const table of tableNames) {
          const text = releaseText(tables.rules, table);
          if (text !== null) await tables.write(text);
        }
      }
    }
  }

  /** Rules of an earlier run in the variant that Docker does not use (any more). */
  async #removeLeftOvers(stack: Stack): Promise<void> {
    for (const tables of stack.tables) {
      if (!holdsOurs(tables.rules)) continue;
      // They do no harm to what stands: that they stay must not stop it.
      await this.#remove(stack, tables).catch((error: unknown) => this.#leftOvers.push(messageOf(error)));
    }
  }

  async #remove(stack: Stack, tables: Tables): Promise<void> {
    // Where nothing can be read nothing of ours can have been written.
    if (tables.problem !== null) return;
    const { problem } = await settle(tables, (rules) => tableNames.map((table) => removalText(rules, table)));
    if (problem === null) return;
    throw new BailiffError('enforcement-failed', `our rules could not be taken away: ${problem}`, {
      where: `iptables-${stack.variant}, IPv${tables.family}`,
      remedy: 'Look for rules of your own that jump to BAILIFF, delete them, and try again.',
    });
  }
}

function holdsChain({ tables }: Stack): boolean {
  return tables.some(({ rules }) => holdsOurs(rules));
}

function inVariant(hook: Hook, { variant }: Stack): Hook {
  return hook.problem === undefined ? hook : { ...hook, problem: `in iptables-${variant}: ${hook.problem}` };
}

/** One hook a name and family: with both variants in use, it holds only where it holds in both. */
function merge(hooks: readonly Hook[]): Hook[] {
  const merged = new Map<string, Hook>();
  for (const hook of hooks) {
    const other = merged.get(hookKey(hook));
    const { repaired: _, ...kept } = other === undefined || other.ok ? hook : other;
    const repaired = hook.repaired ?? other?.repaired;
    merged.set(hookKey(hook), repaired === undefined ? kept : { ...kept, repaired });
  }
  return [...merged.values()];
}
