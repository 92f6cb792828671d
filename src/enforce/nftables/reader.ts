import { type ChildOptions, NftChild } from './child.ts';
import { type RunNft, table } from './command.ts';

/** Characters of an answer beyond which the next one is asked of a process of its own: some 5,000 elements. */
const longestAnswer = 512 * 1024;

/**
 * Reads our table as JSON. With few elements it is asked of a long-lived `nft -j -i`: it is read every few
 * seconds, and a process of its own costs more than the reading. The plain text would come in pieces of
 * some characters, eight writes an element.
 */
export class NftReader {
  readonly #run: RunNft;
  readonly #child: NftChild;
  #large = false;

  constructor({ run, command, silenceMs }: ChildOptions) {
    this.#run = run;
    this.#child = new NftChild([...command, '-j', '-i'], silenceMs);
  }

  /** Calls must follow one another. What the child cannot tell, a process is asked. */
  async read(): Promise<{ readonly ok: boolean; readonly output: string; readonly complaint: string }> {
    const told = this.#large ? null : await this.#child.tell(`list table ${table}`);
    const answer =
      told?.includes('{"nftables"') === true
        ? { ok: true, output: told, complaint: '' }
        : await this.#run(['-j', 'list', 'table', ...table.split(' ')]);
    this.#large = answer.output.length > longestAnswer;
    if (this.#large) await this.close();
    return answer;
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}
