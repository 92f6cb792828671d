import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { inside } from './command.ts';

/** Looks into a set of the kernel through one long-lived ipset: about 0.1 ms a look. */
export class KernelSet {
  readonly #set: string;
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  readonly #answers: NodeJS.EventEmitter;

  constructor(namespace: string, set: string) {
    this.#set = set;
    const [file, args] = inside(namespace, 'stdbuf', ['-oL', '-eL', 'ipset', '-']);
    this.#child = spawn(file, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    // Both answers of `test`, "is in set" and "is NOT in set", come on the standard error.
    this.#answers = createInterface({ input: this.#child.stderr });
  }

  async has(address: string): Promise<boolean> {
    const answer = once(this.#answers, 'line');
    this.#child.stdin.write(`test ${this.#set} ${address}\n`);
    const [line] = (await answer) as [string];
    if (!line.includes(' in set ')) throw new Error(line);
    return !line.includes(' NOT in set ');
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}
