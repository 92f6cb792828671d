import { type Family, familyOf } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import type { Backend, Change, Element, Hook, Probe } from './backend.ts';
import { Ipset, type IpsetOptions } from './ipset.ts';
import { hasIpv6, probeIptables } from './probe.ts';
import { brokenHooks, hooksOf, releaseText, removalText, repairText, type TableName } from './rules.ts';
import { families, Sets } from './sets.ts';
import { type Stack, settle, type Tables, Variants } from './variants.ts';

export interface IptablesOptions extends IpsetOptions {
  /** Whether the kernel speaks IPv6; tests put their own here. */
  readonly hasIpv6?: () => Promise<boolean>;
}

const tableNames: readonly TableName[] = ['filter', 'raw'];

/**
 * ipset and iptables: one set a family, and one chain that drops what is in it, entered before anything
 * else on the three ways a packet can take (INPUT, FORWARD through DOCKER-USER, raw/PREROUTING).
 */
export class IptablesBackend implements Backend {
  readonly name = 'iptables';
  readonly strength = 'full';
  readonly #ipset: Ipset;
  readonly #reader: Ipset;
  readonly #sets: Sets;
  readonly #hasIpv6: () => Promise<boolean>;
  readonly #variants = new Variants();
  #setProblems: ReadonlyMap<Family, string> = new Map();

  constructor(options: IptablesOptions = {}) {
    this.#ipset = new Ipset(options);
    this.#reader = new Ipset(options);
    this.#sets = new Sets(this.#ipset, this.#reader);
    this.#hasIpv6 = options.hasIpv6 ?? hasIpv6;
  }

  /** The process id of the child that feeds the sets, where it stands. */
  get childPid(): number | undefined {
    return this.#ipset.pid;
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return probeIptables(signal, this.#hasIpv6);
  }

  async install(): Promise<readonly Hook[]> {
    this.#setProblems = await this.#sets.ensure((family) => this.#release(family));
    const stacks = await this.#variants.chosen();
    // Asked each time, since a kernel may get it later. Without it there are no IPv6 packets to hook.
    const hooked = (await this.#hasIpv6()) ? families : families.filter((family) => family !== 6);
    const hooks: Hook[] = [];
    for (const stack of stacks) {
      const wanted = stack.tables.filter(({ family }) => hooked.includes(family));
      for (const tables of wanted) hooks.push(...(await this.#repair(tables, stacks.length > 1)));
    }
    return merge(hooks);
  }

  async list(): Promise<readonly Element[]> {
    return this.#sets.list(families.filter((family) => !this.#setProblems.has(family)));
  }

  count(): Promise<number> {
    return this.#sets.count();
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (this.#setProblems.size === 0) return this.#sets.apply(changes);
    await this.#sets.apply(changes.filter(({ address }) => !this.#setProblems.has(familyOf(address))));
    const lost = changes.find(({ address }) => this.#setProblems.has(familyOf(address)));
    if (lost === undefined || lost.kind === 'delete') return;
    const family = familyOf(lost.address);
    throw new BailiffError('enforcement-failed', this.#setProblems.get(family) ?? '', {
      where: `IPv${family}`,
    });
  }

  async uninstall(): Promise<void> {
    for (const stack of await this.#variants.present()) {
      for (const tables of stack.tables) await this.#remove(stack, tables);
    }
    await this.#sets.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([this.#ipset.close(), this.#reader.close()]);
  }

  async #repair(tables: Tables, named: boolean): Promise<Hook[]> {
    const { family } = tables;
    const setProblem = this.#setProblems.get(family);
    if (setProblem !== undefined) return brokenHooks(family, setProblem);
    const { written, problem } = await settle(tables, (rules) =>
      tableNames.map((table) => repairText(rules, table, family)),
    );
    const hooks =
      tables.problem === null ? hooksOf(tables.rules, family) : brokenHooks(family, tables.problem);
    return hooks.map((hook) => {
      const prefix = named ? `in iptables-${tables.variant}: ` : '';
      const why =
        hook.problem === undefined ? [] : [hook.problem, problem ?? ''].filter((each) => each !== '');
      const told = why.length === 0 ? {} : { problem: prefix + [...new Set(why)].join(': ') };
      return { ...hook, ...told, ...(written ? { repaired: true } : {}) };
    });
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

/** One hook a name and family: with both variants in use, it holds only where it holds in both. */
function merge(hooks: readonly Hook[]): Hook[] {
  const merged = new Map<string, Hook>();
  for (const hook of hooks) {
    const key = `${hook.family} ${hook.name}`;
    const other = merged.get(key);
    const kept = other === undefined || other.ok ? hook : other;
    const repaired = hook.repaired === true || other?.repaired === true;
    merged.set(key, repaired ? { ...kept, repaired } : kept);
  }
  return [...merged.values()];
}
