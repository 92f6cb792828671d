import { commandEnvironment } from '../command.ts';
import { Conversation, type Speech } from '../conversation.ts';
import { errorIn, type NftCommand, type RunNft } from './command.ts';

/** A child remembers each line it was given, and cannot be told not to: after so many another takes its place. */
const longestService = 2_000;
/** After a child died, processes do its work for this long (ms): where `nft` was built without `-i` each would die. */
const mourning = 10_000;

/** For whoever asks a child, and a process where that has no answer. */
export interface ChildOptions {
  /** Runs a process. */
  readonly run: RunNft;
  /** The child to talk to, as far as it is the same for all. */
  readonly command: NftCommand;
  /** How long the child may say nothing while it owes an answer, in ms, before it counts as dead. */
  readonly silenceMs?: number;
}

/**
 * A long-lived nft that reads commands from its stdin, for what is too frequent for a process each time.
 *
 * - `nft -i` keeps a history in HOME: it reads the file when it starts and writes it when it ends, and with
 *   some megabytes in it that takes seconds. So it gets a HOME that can hold no file.
 * - `describe` ends an exchange: its answer comes from nft alone, asks nothing of the kernel, and is the same
 *   in all versions from 0.9.8 to 1.1.3. `list tables`, though its answer is short, reads every element of
 *   every set in nft 1.0.6 (0.6 s at a hundred thousand).
 */
export class NftChild {
  readonly #speech: Speech;
  #child: Conversation | null = null;
  #mourningUntil = 0;

  /** `silenceMs`: how long it may say nothing while it owes an answer before it counts as dead. */
  constructor(command: NftCommand, silenceMs = 10_000) {
    this.#speech = {
      name: 'nft',
      command,
      environment: { ...commandEnvironment, HOME: '/dev/null' },
      marker: 'describe ip saddr',
      acknowledgement: /^payload expression, datatype ipv4_addr/m,
      silenceMs,
    };
  }

  /** The process id, where a child stands. */
  get pid(): number | undefined {
    return this.#child?.dead === false ? this.#child.pid : undefined;
  }

  /**
   * What it printed for a line, or for several; null where it refused one or is dead, so that a process has to be asked
   * instead. What it had done by then is not known. Calls must follow one another.
   */
  async tell(line: string): Promise<string | null> {
    if (performance.now() < this.#mourningUntil) return null;
    try {
      const { output, complaints } = await this.#standing().exchange([line]);
      return errorIn(complaints) === '' ? output : null;
    } catch {
      this.#child = null;
      this.#mourningUntil = performance.now() + mourning;
      return null;
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    await child?.end();
  }

  #standing(): Conversation {
    if (this.#child !== null && this.#child.exchanges >= longestService) void this.close();
    if (this.#child === null || this.#child.dead) this.#child = new Conversation(this.#speech);
    return this.#child;
  }
}
