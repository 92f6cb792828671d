import type { Address } from '../core/types.ts';
import { runProgram } from '../notify/program.ts';

/** How long it may take, in ms. */
const timeoutMs = 10_000;

/**
 * A program of the owner's that says who is never banned: it is run with the address as its one argument, without a shell,
 * and says so by ending with 0, and with 1 that he may be. Anything else is no answer.
 */
export class IgnoreProgram {
  readonly #path: string;
  readonly #failed: (problem: string | null) => void;
  readonly #stopped = new AbortController();

  /** `failed` gets why it gave no answer; null: it gives some again. */
  constructor(path: string, failed: (problem: string | null) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  /** Not empty where the address is never to be banned. Rejects where it gives no answer. */
  async answer(address: Address): Promise<readonly string[]> {
    const { signal } = this.#stopped;
    const { exitCode, complaint } = await runProgram([this.#path, address], { env: {}, timeoutMs, signal });
    if (exitCode === 0 || exitCode === 1) {
      this.#failed(null);
      return exitCode === 0 ? [this.#path] : [];
    }
    if (!signal.aborted) this.#failed(complaint);
    throw new Error(complaint);
  }

  stop(): void {
    this.#stopped.abort();
  }
}
