import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Namespace } from './namespace.ts';

/** A driver (`serveLines`), running in a namespace, at the other end of a pipe: the product's enforcement unless told otherwise. */
export class Remote {
  readonly #process;
  readonly #answers;
  readonly #ended: Promise<unknown>;

  /** `before`: a program and arguments that start the rest with fewer rights. */
  constructor(namespace: Namespace, before: readonly string[] = [], file = './enforce-driver.ts') {
    const driver = fileURLToPath(new URL(file, import.meta.url));
    const [program, ...args] = namespace.entering('env', [...before, process.execPath, driver]);
    this.#process = execa(program, args, { reject: false, buffer: false, stdin: 'pipe', stderr: 'inherit' });
    this.#ended = this.#process;
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async call<T = unknown>(verb: string, ...args: readonly unknown[]): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify([verb, ...args])}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the driver ended at ${verb}`);
    const answer = JSON.parse(value) as { value?: T; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value as T;
  }

  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }
}
