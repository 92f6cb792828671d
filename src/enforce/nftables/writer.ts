import { BailiffError } from '../../core/errors.ts';
import { isLackOfRights } from '../command.ts';
import { commandSize, commandsFor, type ElementChange } from './changes.ts';
import { type ChildOptions, NftChild } from './child.ts';
import { isAbsence, type RunNft, table } from './command.ts';
import { keysIn, tookName, tookQuestion } from './took.ts';

/**
 * More changes than these go to a process of their own. The child reads its stdin character by character,
 * 0.06 ms an element; a process reads at once, and costs about as much as three hundred elements.
 */
const fewChanges = 300;

/**
 * Brings elements into the kernel, each batch one transaction: single bans through a long-lived `nft -i`, for
 * 0.6 ms where a process costs ten, and more as the daemon grows; many at once through a process of their own.
 * Neither is slower for a hundred thousand elements in the sets.
 */
export class NftWriter {
  readonly #run: RunNft;
  readonly #child: NftChild;

  constructor({ run, command, silenceMs }: ChildOptions) {
    this.#run = run;
    this.#child = new NftChild(command, silenceMs);
  }

  /** The process id of the child, where one stands. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Calls must follow one another. What is refused is tried again in halves, so that one element takes no
   * other with it. @throws BailiffError enforcement-failed
   */
  async send(changes: readonly ElementChange[]): Promise<void> {
    const refusal = await this.#commit(changes);
    if (refusal === null) return;
    const [first] = changes;
    if (changes.length === 1 || isAbsence(refusal) || isLackOfRights(refusal)) {
      throw new BailiffError('enforcement-failed', `nft refused a change: ${refusal}`, {
        where: `${first?.set.name} ${first?.key}`,
      });
    }
    const middle = Math.ceil(changes.length / 2);
    const halves = [changes.slice(0, middle), changes.slice(middle)];
    const failures: unknown[] = [];
    for (const half of halves) await this.send(half).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Lets what was counted of these be forgotten, as far as that goes: who asks is told when a count is older than a ban.
   * Who was not counted cannot be deleted, and to be added first is refused where a set is full: then few are tried one
   * by one. Of many those go that are read to be there.
   */
  async forget(ended: readonly ElementChange[]): Promise<void> {
    if (ended.length === 0) return;
    if (ended.length <= fewChanges) {
      const counts = ended.map((change) => ({
        ...change,
        set: { ...change.set, name: tookName(change.set) },
      }));
      if ((await this.#child.tell(commandsFor(counts).join('; '))) !== null) return;
      const each = counts.map(({ set, key }) => deletion(set.name, [key]));
      await this.#child.tell(each.join('\n'));
      if (this.#child.pid !== undefined) return;
    }
    for (const [name, group] of Map.groupBy(ended, ({ set }) => set.name)) {
      const counted = keysIn((await this.#run(tookQuestion({ name }))).output);
      const keys = group.flatMap(({ key }) => (counted.has(key) ? [key] : []));
      for (let from = 0; from < keys.length; from += commandSize) {
        await this.#run([deletion(tookName({ name }), keys.slice(from, from + commandSize))]);
      }
    }
  }

  close(): Promise<void> {
    return this.#child.close();
  }

  /** @returns what nft refused, or null */
  async #commit(changes: readonly ElementChange[]): Promise<string | null> {
    if (changes.length === 0) return null;
    const commands = commandsFor(changes);
    // Where the child did not take it, it can be told again: the line says how elements should stand. Also what the
    // child refused, since it may have an old picture of the tables.
    if (changes.length <= fewChanges && (await this.#child.tell(commands.join('; '))) !== null) return null;
    const answer = await this.#run(commands.map((command) => `${command};`));
    return answer.ok ? null : answer.complaint;
  }
}

function deletion(set: string, keys: readonly string[]): string {
  return `delete element ${table} ${set} { ${keys.join(', ')} }`;
}
