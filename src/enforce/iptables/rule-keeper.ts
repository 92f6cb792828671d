import type { Dropped, Hook } from '../backend.ts';
import { Tally } from '../tally.ts';
import type { TableName } from './chain.ts';
import { lowestLevel, simplified } from './downgrade.ts';
import { brokenHooks, hooksOf, isDisplaced, repairText, tableNames, type Wanted } from './rules.ts';
import { settle, type Tables } from './variants.ts';

/** The hooks that each table's counters count for. */
const countedHooks = { raw: 'raw/PREROUTING', filter: 'INPUT, DOCKER-USER' } as const;

/** After so many looks at simplified rules, what was asked for first is tried again: a module may have been loaded. */
const looksUntilRetry = 200;

interface Level {
  readonly level: number;
  readonly complaint: string;
  readonly looks: number;
}

/** Puts the rules of one variant and family right, look after look, and reads what they have taken. */
export class RuleKeeper {
  readonly #tally = new Tally();
  /** By place: how far the wanted rules had to be simplified for this kernel. */
  readonly #levels = new Map<string, Level>();
  readonly #remarks = new Map<string, string>();

  /** @returns the hooks read back, with what had to be put right */
  async repair(tables: Tables, wanted: Wanted): Promise<Hook[]> {
    const before = tables.rules;
    // Also before they are made anew, which sets the kernel's counters back.
    this.#count(tables);
    const settled = await this.#settle(tables, wanted);
    const stood = new Map(
      hooksOf(before, tables.family, settled.wantedIn).map((hook) => [hook.name, hook.ok]),
    );
    this.#count(tables);
    if (tables.problem !== null) return brokenHooks(tables.family, tables.problem);
    return hooksOf(tables.rules, tables.family, settled.wantedIn).map((hook) => {
      if (!hook.ok) return { ...hook, problem: [hook.problem, settled.problem].filter(Boolean).join(': ') };
      if (stood.get(hook.name) !== false) return hook;
      return { ...hook, repaired: isDisplaced(before, hook.name) ? 'moved' : 'made' };
    });
  }

  dropped(): readonly Dropped[] {
    return this.#tally.dropped();
  }

  /** What this kernel cannot do of what was asked, and what is done instead. */
  remarks(): readonly string[] {
    return [...new Set(this.#remarks.values())];
  }

  /** Both tables, each for itself: one that the kernel lacks must not make the other simpler. */
  async #settle(tables: Tables, asked: Wanted) {
    const wanted = new Map<TableName, Wanted>();
    const problems = new Set<string>();
    for (const table of tableNames) {
      const settled = await this.#settleTable(tables, table, asked);
      wanted.set(table, settled.wanted);
      if (settled.problem !== null) problems.add(settled.problem);
      // Who waits for a lock in vain waits for it in the other table as well.
      if (settled.problem !== null && !settled.refused) break;
    }
    return { wantedIn: (table: TableName) => wanted.get(table) ?? asked, problem: [...problems].join('; ') };
  }

  /**
   * Where the kernel refuses what a policy needs (no REJECT, no conntrack), the rest must hold all the same,
   * so it is tried again with less, and that is said. Where it refuses everything, nothing is gained by less.
   */
  async #settleTable(tables: Tables, table: TableName, asked: Wanted) {
    const place = `${tables.variant} ${tables.family} ${table}`;
    const known = this.#levels.get(place);
    const first = known === undefined || known.looks > looksUntilRetry ? 0 : known.level;
    let complaint = known?.complaint ?? '';
    for (let level = first; ; level += 1) {
      const { policies, remark } = simplified(asked.policies, level);
      const wanted = { ...asked, policies };
      const settled = await settle(tables, (rules) => [repairText(rules, table, wanted)]);
      if (settled.refused && level < lowestLevel) {
        complaint = settled.problem ?? '';
        continue;
      }
      const looks = first === 0 ? 0 : (known?.looks ?? 0) + 1;
      if (settled.refused || level === 0) this.#levels.delete(place);
      else this.#levels.set(place, { level, complaint, looks });
      if (remark === null || settled.refused) this.#remarks.delete(place);
      else this.#remarks.set(place, `${remark} (${complaint})`);
      return { ...settled, wanted: settled.refused ? asked : wanted };
    }
  }

  #count({ variant, family, counts }: Tables): void {
    for (const [table, hook] of Object.entries(countedHooks)) {
      const count = counts.get(table);
      if (count !== undefined) this.#tally.read(`${variant} ${family} ${table}`, hook, family, count);
    }
  }
}
