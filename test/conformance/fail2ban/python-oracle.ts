import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from '../python.ts';

/** Debian's fail2ban in a Python of its own, which answers each JSON value with one (oracles.py). */
export class PythonOracle {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** `script`: a file beside this one. */
  constructor(script: string, environment: Readonly<Record<string, string>> = {}) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawn(python, ['-B', file], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    if (this.#child.stdout === null) throw new Error('no output');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  close(): void {
    this.#child.stdin?.end();
  }

  /** One question at a time. */
  protected async ask<T>(question: object): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('fail2ban gave no answer: is its Debian package installed?');
    return JSON.parse(value) as T;
  }
}
