import { commandEnvironment } from '../command.ts';
import { Conversation, type Speech } from '../conversation.ts';
import { errorIn, type NftCommand, type RunNft, table } from './command.ts';

/** Characters of an answer beyond which the next one is asked of a process of its own: some 5,000 elements. */
const longestAnswer = 512 * 1024;
/** A child remembers each line it was given, and cannot be told not to: after so many another takes its place. */
const longestService = 2_000;
/** After a child died, processes do its work for this long, in ms. */
const mourning = 10_000;

export interface ReaderOptions {
  readonly run: RunNft;
  readonly command: NftCommand;
  /** How long the child may say nothing while it owes an answer, in ms, before it counts as dead. */
  readonly silenceMs?: number;
}

/**
 * Reads our table as JSON. With few elements it is asked of a long-lived `nft -j -i`: it is read every few
 * seconds, and a process of its own costs more than the reading. The plain text would come in pieces of
 * some characters, eight writes an element.
 */
export class NftReader {
  readonly #run: RunNft;
  readonly #speech: Speech;
  #child: Conversation | null = null;
  #mourningUntil = 0;
  #large = false;

  constructor({ run, command, silenceMs = 10_000 }: ReaderOptions) {
    this.#run = run;
    this.#speech = {
      name: 'nft',
      command: [...command, '-j', '-i'],
      environment: { ...commandEnvironment, HOME: '/dev/null' },
      marker: 'describe ip saddr',
      acknowledgement: /^payload expression, datatype ipv4_addr/m,
      silenceMs,
    };
  }

  /** Calls must follow one another. What the child cannot tell, a process is asked. */
  async read(): Promise<{ readonly ok: boolean; readonly output: string; readonly complaint: string }> {
    const told = this.#large ? null : await this.#ask();
    const answer = told === null ? await this.#run(['-j', 'list', 'table', ...table.split(' ')]) : told;
    this.#large = answer.output.length > longestAnswer;
    if (this.#large) await this.close();
    return answer;
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    await child?.end();
  }

  async #ask(): Promise<{ ok: true; output: string; complaint: '' } | null> {
    if (performance.now() < this.#mourningUntil) return null;
    if (this.#child !== null && this.#child.exchanges >= longestService) await this.close();
    if (this.#child === null || this.#child.dead) this.#child = new Conversation(this.#speech);
    try {
      const { output, complaints } = await this.#child.exchange([`list table ${table}`]);
      return errorIn(complaints) === '' && output.includes('{"nftables"')
        ? { ok: true, output, complaint: '' }
        : null;
    } catch {
      this.#child = null;
      this.#mourningUntil = performance.now() + mourning;
      return null;
    }
  }
}
