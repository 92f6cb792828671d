import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { execa } from 'execa';
import { BailiffError } from '../core/errors.ts';
import { commandEnvironment, oneLine } from './command.ts';
import { Lane } from './lane.ts';

export interface IpsetOptions {
  /** How long the child may say nothing while it owes an answer, in ms, before it counts as dead. */
  readonly silenceMs?: number;
  /** The program to talk to; tests put their own here. */
  readonly command?: readonly [string, ...string[]];
}

/**
 * The long-lived `ipset -`: a pipe write costs a fifth of a millisecond where a process per ban costs
 * six, and does not grow with the daemon. Batches are sent one after another; `version` ends each of
 * them, and its reply is the acknowledgement. A child that died is replaced at the next batch.
 *
 * `-exist` and the options of `list` stick for the rest of the child's life, so every line is written
 * to be right with `-exist`, and only `save` is ever asked of it.
 */
export class Ipset {
  readonly #command: readonly [string, ...string[]];
  readonly #silenceMs: number;
  readonly #turns = new Lane();
  #child: Conversation | null = null;
  #closed = false;

  constructor(options: IpsetOptions = {}) {
    // Without a terminal ipset's output would wait in its buffer; stdbuf makes it write each line.
    this.#command = options.command ?? ['stdbuf', '-oL', 'ipset', '-'];
    this.#silenceMs = options.silenceMs ?? 10_000;
  }

  /** The process id of the child that stands now, for tests and status. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Sends lines and resolves with what ipset printed, once it has worked through all of them. ipset
   * goes on behind a line it refuses, so the others hold even where this rejects.
   * @throws BailiffError enforcement-failed
   */
  send(lines: readonly string[]): Promise<string> {
    return this.#closed ? refuseClosed() : this.#turns.run(() => this.#exchange(lines));
  }

  /** Ends the child after the batches already sent. Sets stay as they are. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turns.idle();
    await this.#replaceChild();
  }

  async #replaceChild(): Promise<void> {
    await this.#child?.end();
    this.#child = null;
  }

  async #exchange(lines: readonly string[]): Promise<string> {
    if (this.#child?.dead !== false) this.#child = new Conversation(this.#command, this.#silenceMs);
    const { output, complaints } = await this.#child.exchange(lines);
    if (complaints === '') return output;
    // After a list that failed (its set was taken away meanwhile) ipset answers every later one with
    // "Internal protocol error": the child is of no more use.
    if (lines.some((line) => /^(?:save|list)\b/.test(line))) await this.#replaceChild();
    throw new BailiffError('enforcement-failed', `ipset refused a change: ${complaints}`);
  }
}

const prompt = /ipset> /g;
const acknowledgement = /ipset v\S+, protocol version: \d+\n/;
/** Longer than an acknowledgement: what is kept of a chunk in case one is cut by the chunk's end. */
const carryLength = 100;
/** Characters per write: big enough to be cheap, small enough for the pipe's back-pressure to work. */
const writeSize = 64 * 1024;

/** One child and the batch it is working on. */
class Conversation {
  readonly #process;
  readonly #died: Promise<never>;
  readonly #silenceMs: number;
  #output: string[] = [];
  #carry = '';
  #complaints = '';
  #stuck = false;
  #acknowledge: () => void = () => undefined;
  #watchdog: NodeJS.Timeout | null = null;
  dead = false;

  constructor([file, ...args]: readonly [string, ...string[]], silenceMs: number) {
    this.#silenceMs = silenceMs;
    this.#process = execa(file, args, {
      reject: false,
      buffer: false,
      stdin: 'pipe',
      env: commandEnvironment,
    });
    this.#died = this.#process.then((result) => {
      this.dead = true;
      const reason = this.#stuck ? `it said nothing for ${this.#silenceMs} ms` : oneLine(this.#complaints);
      const how = result.signal === undefined ? `exit code ${result.exitCode ?? 'none'}` : result.signal;
      const why = result.code === 'ENOENT' ? `${file} is not installed` : reason || how;
      throw new BailiffError('enforcement-failed', `ipset died: ${why}`, { cause: result });
    });
    this.#died.catch(() => undefined);
    // A write to a child that is gone fails here; what is to be said of it stands in #died.
    this.#process.stdin.on('error', () => undefined);
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      // Bounded: one complaint says what a hundred thousand of the same kind say.
      if (this.#complaints.length < 10_000) this.#complaints += text;
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async exchange(lines: readonly string[]): Promise<{ output: string; complaints: string }> {
    this.#output = [];
    this.#carry = '';
    this.#complaints = '';
    const acknowledged = new Promise<void>((resolve) => {
      this.#acknowledge = resolve;
    });
    this.#watchdog = setTimeout(() => this.#giveUp(), this.#silenceMs);
    try {
      await Promise.race([this.#write(lines), this.#died]);
      await Promise.race([acknowledged, this.#died]);
      // What was written to stderr before the acknowledgement is in its pipe, and read by the next turn.
      await nextTurn();
    } finally {
      clearTimeout(this.#watchdog);
    }
    return { output: this.#output.join('').replace(prompt, ''), complaints: complaintsOf(this.#complaints) };
  }

  async end(): Promise<void> {
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), 1_000);
    this.#process.stdin.end();
    await this.#died.catch(() => undefined);
    clearTimeout(patience);
  }

  async #write(lines: readonly string[]): Promise<void> {
    let text = '';
    for (const line of lines) {
      text += `${line}\n`;
      if (text.length < writeSize) continue;
      await this.#put(text);
      text = '';
    }
    await this.#put(`${text}version\n`);
  }

  async #put(text: string): Promise<void> {
    if (this.dead || this.#process.stdin.write(text)) return;
    // A pipe that breaks says less than the death that broke it.
    const drained = once(this.#process.stdin, 'drain').catch(() => this.#died);
    await Promise.race([drained, this.#died]);
  }

  #heard(text: string): void {
    this.#watchdog?.refresh();
    this.#output.push(text);
    const recent = this.#carry + text;
    this.#carry = recent.slice(-carryLength);
    if (acknowledgement.test(recent)) this.#acknowledge();
  }

  #giveUp(): void {
    this.#stuck = true;
    this.#process.kill('SIGKILL');
  }
}

function refuseClosed(): Promise<never> {
  return Promise.reject(new BailiffError('enforcement-failed', 'ipset was closed'));
}

function complaintsOf(text: string): string {
  const lines = text.split('\n').filter((line) => !line.includes('Warning:'));
  return oneLine([...new Set(lines)].join('\n'));
}
