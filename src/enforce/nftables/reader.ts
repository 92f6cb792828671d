import { type ChildOptions, NftChild } from './child.ts';
import { type RunNft, table } from './command.ts';

/** Characters of an answer beyond which the next one is asked of a process of its own: some 5,000 elements. */
const longestAnswer = 512 * 1024;
/** With more sets than these the table is read as a whole, with what is counted of whom: the child remembers each line. */
const mostSets = 16;

/**
 * Reads our sets of bans as JSON. With few elements they are asked of a long-lived `nft -j -i`: they are read every few
 * seconds, and a process of its own costs more than the reading. Each set is a line, since nft 1.0.6 looks for
 * the first alone, and its answer a document. The plain text would come in pieces of
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
  async read(
    sets: readonly { readonly name: string }[],
  ): Promise<{ readonly ok: boolean; readonly output: string; readonly complaint: string }> {
    const each = sets.length > 0 && sets.length <= mostSets;
    const question = each ? sets.map(({ name }) => `list set ${table} ${name}`) : [`list table ${table}`];
    const told = this.#large ? null : await this.#child.tell(question.join('\n'));
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
