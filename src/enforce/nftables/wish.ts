import { keepsOut, type PolicyRule } from '../../core/policy.ts';
import { chain, type Declaration, type Discarded, rulesOf, type Wanted } from './rules.ts';
import { declarationOf, firstSets, isDeclared, isOurName, type NftSet, SetNames } from './sets.ts';
import { mayHold, type StandingTable } from './table.ts';
import { bansOf, isTookDeclared, roomOf, tookDeclaration, tookName } from './took.ts';

/** What the policies in force ask of the table, and how what stands differs from it. */
export class Wish {
  readonly names: SetNames;
  readonly #policies: readonly PolicyRule[];
  readonly #canReject: boolean;
  readonly #room: number | undefined;

  /** `room`: how many addresses each set counts at a time. */
  constructor(policies: readonly PolicyRule[], canReject: boolean, room?: number) {
    this.names = new SetNames(policies.map(({ policy }) => policy));
    this.#policies = policies;
    this.#canReject = canReject;
    this.#room = room;
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
    const rules = rulesOf(this.#policies, sets, this.#canReject);
    return { sets: sets.flatMap((set) => this.#declarations(set)), rules };
  }

  #roomOf(set: NftSet): number {
    return this.#room ?? roomOf(set);
  }

  #declarations(set: NftSet): Declaration[] {
    const bans = { name: set.name, text: declarationOf(set) };
    if (!keepsOut(set.policy)) return [bans];
    return [bans, { name: tookName(set), text: tookDeclaration(set, this.#roomOf(set)) }];
  }

  /** Our chains, and the sets that bear a name of ours and are of no policy in force or another kind of set. */
  discarded({ sets, chains }: StandingTable): Discarded {
    const wrong = [...sets].flatMap(([name, body]) => (this.#isWrong(name, body) ? [name] : []));
    return { chains: [...chains.keys()].filter((name) => name !== chain), sets: wrong };
  }

  #isWrong(name: string, body: readonly string[]): boolean {
    const bans = bansOf(name) ?? name;
    if (!isOurName(bans)) return false;
    const set = this.names.read(bans);
    if (set === null) return true;
    return bans === name
      ? !isDeclared(set, body)
      : !keepsOut(set.policy) || !isTookDeclared(set, this.#roomOf(set), body);
  }

  /** As far as can be told without knowing how this version of nft prints the rules. */
  seemsMet(standing: StandingTable, wanted: Wanted): boolean {
    return (
      mayHold(standing, wanted.rules) &&
      wanted.sets.every(({ name }) => standing.sets.has(name)) &&
      this.discarded(standing).sets.length === 0
    );
  }
}
