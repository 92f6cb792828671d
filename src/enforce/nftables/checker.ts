import { type ChildOptions, NftChild } from './child.ts';
import type { RunNft } from './command.ts';

/**
 * Asks the kernel whether commands could be done, and does none of them: of a long-lived `nft -c -i`, since it
 * is asked every few seconds, and to start a process costs ten times the answer, more as the daemon grows.
 */
export class NftChecker {
  readonly #run: RunNft;
  readonly #child: NftChild;

  constructor({ run, command, silenceMs }: ChildOptions) {
    this.#run = run;
    this.#child = new NftChild([...command, '-c', '-i'], silenceMs);
  }

  /** Calls must follow one another. What the child refuses, a process is asked again. */
  async allows(commands: readonly string[]): Promise<boolean> {
    const text = commands.join('; ');
    if ((await this.#child.tell(text)) !== null) return true;
    return (await this.#run(['-c', text])).ok;
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}
