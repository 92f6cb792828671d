import { BailiffError } from '../../core/errors.ts';
import { commandEnvironment, isLackOfRights } from '../command.ts';
import { Conversation, type Speech } from '../conversation.ts';
import { commandsFor, type ElementChange } from './changes.ts';
import { errorIn, isAbsence, type RunNft } from './command.ts';

export interface WriterOptions {
  readonly run: RunNft;
  /** The child to talk to. */
  readonly command: readonly [string, ...string[]];
  /** How long the child may say nothing while it owes an answer, in ms, before it counts as dead. */
  readonly silenceMs?: number;
}

/**
 * More changes than these go to a process of their own. The child reads its stdin character by character,
 * 0.06 ms an element; a process reads at once, and costs about as much as three hundred elements.
 */
const fewChanges = 300;
/** A child remembers each line it was given, and cannot be told not to: after so many another takes its place. */
const longestService = 2_000;
/** After a child died, processes do its work for this long (ms): where `nft` was built without `-i` each would die. */
const mourning = 10_000;

/**
 * Brings elements into the kernel, each batch one transaction: single bans through a long-lived `nft -i`, for
 * 0.6 ms where a process costs ten, and more as the daemon grows; many at once through a process of their own.
 * Neither is slower for a hundred thousand elements in the sets.
 *
 * - `nft -i` keeps a history in HOME: it reads the file when it starts and writes it when it ends, and with
 *   some megabytes in it that takes seconds. So it gets a HOME that can hold no file.
 * - `describe` ends an exchange: its answer comes from nft alone, asks nothing of the kernel, and is the same
 *   in all versions from 0.9.8 to 1.1.3. `list tables`, though its answer is short, reads every element of
 *   every set in nft 1.0.6 (0.6 s at a hundred thousand).
 */
export class NftWriter {
  readonly #run: RunNft;
  readonly #speech: Speech;
  #child: Conversation | null = null;
  #mourningUntil = 0;

  constructor({ run, command, silenceMs = 10_000 }: WriterOptions) {
    this.#run = run;
    this.#speech = {
      name: 'nft',
      command,
      environment: { ...commandEnvironment, HOME: '/dev/null' },
      marker: 'describe ip saddr',
      acknowledgement: /^payload expression, datatype ipv4_addr/m,
      silenceMs,
    };
  }

  /** The process id of the child, where one stands. */
  get pid(): number | undefined {
    return this.#child?.dead === false ? this.#child.pid : undefined;
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

  async close(): Promise<void> {
    await this.#child?.end();
    this.#child = null;
  }

  /** @returns what nft refused, or null */
  async #commit(changes: readonly ElementChange[]): Promise<string | null> {
    if (changes.length === 0) return null;
    const commands = commandsFor(changes);
    if (changes.length <= fewChanges && (await this.#tell(commands.join('; ')))) return null;
    // Also what the child refused, since it may have an old picture of the tables.
    const answer = await this.#run(commands.map((command) => `${command};`));
    return answer.ok ? null : answer.complaint;
  }

  /** Whether the child took it. Where it did not, it can be told again: the line says how elements should stand. */
  async #tell(line: string): Promise<boolean> {
    if (performance.now() < this.#mourningUntil) return false;
    const child = this.#standingChild();
    try {
      const { complaints } = await child.exchange([line]);
      return errorIn(complaints) === '';
    } catch {
      this.#child = null;
      this.#mourningUntil = performance.now() + mourning;
      return false;
    }
  }

  #standingChild(): Conversation {
    if (this.#child !== null && this.#child.exchanges >= longestService) {
      void this.#child.end();
      this.#child = null;
    }
    if (this.#child === null || this.#child.dead) this.#child = new Conversation(this.#speech);
    return this.#child;
  }
}
