import type { PolicyRule } from '../../core/policy.ts';
import { rulesOf, type Wanted } from './rules.ts';
import { firstSets, isDeclared, isOurName, type NftSet, SetNames } from './sets.ts';
import { mayHold, type StandingTable } from './table.ts';

/** What the policies in force ask of the table, and how what stands differs from it. */
export class Wish {
  readonly names: SetNames;
  readonly #policies: readonly PolicyRule[];
  readonly #canReject: boolean;

  constructor(policies: readonly PolicyRule[], canReject: boolean) {
    this.names = new SetNames(policies.map(({ policy }) => policy));
    this.#policies = policies;
    this.#canReject = canReject;
  }

  /** The policies that should reject, and drop instead. */
  get lenient(): readonly PolicyRule[] {
    return this.#canReject ? [] : this.#policies.filter(({ action }) => action === 'reject');
  }

  /** The sets of ours that stand, of policies in force. */
  standingSets({ sets }: StandingTable): NftSet[] {
    return [...sets.keys()].flatMap((name) => this.names.read(name) ?? []);
  }

  /** Rules for these sets, and for those that each policy has from the start. */
  wanted(others: readonly NftSet[]): Wanted {
    const first = this.#policies.flatMap(({ policy }) =>
      firstSets.flatMap(({ family, bits }) => this.names.of(policy, family, bits) ?? []),
    );
    const byName = new Map([...first, ...others].map((set) => [set.name, set]));
    const sets = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { sets, rules: rulesOf(this.#policies, sets, this.#canReject) };
  }

  /** The names of sets that bear a name of ours, and are of no policy in force or another kind of set. */
  discarded({ sets }: StandingTable): string[] {
    return [...sets].flatMap(([name, body]) => {
      if (!isOurName(name)) return [];
      const set = this.names.read(name);
      return set !== null && isDeclared(set, body) ? [] : [name];
    });
  }

  /** As far as can be told without knowing how this version of nft prints the rules. */
  seemsMet(standing: StandingTable, wanted: Wanted): boolean {
    return (
      mayHold(standing, wanted.rules) &&
      wanted.sets.every(({ name }) => standing.sets.has(name)) &&
      this.discarded(standing).length === 0
    );
  }
}
