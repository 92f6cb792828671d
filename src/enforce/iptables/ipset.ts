import { BailiffError } from '../../core/errors.ts';
import { commandEnvironment, oneLine } from '../command.ts';
import { Conversation, type Speech } from '../conversation.ts';
import { Lane } from '../lane.ts';

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
  readonly #speech: Speech;
  readonly #turns = new Lane();
  #child: Conversation | null = null;
  #closed = false;

  constructor(options: IpsetOptions = {}) {
    this.#speech = {
      name: 'ipset',
      // Without a terminal ipset's output would wait in its buffer; stdbuf makes it write each line.
      command: options.command ?? ['stdbuf', '-oL', 'ipset', '-'],
      environment: commandEnvironment,
      marker: 'version',
      acknowledgement: /ipset v\S+, protocol version: \d+\n/,
      silenceMs: options.silenceMs ?? 10_000,
    };
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
    if (this.#child?.dead !== false) this.#child = new Conversation(this.#speech);
    const heard = await this.#child.exchange(lines);
    const complaints = complaintsOf(heard.complaints);
    if (complaints === '') return heard.output.replace(prompt, '');
    // After a list that failed (its set was taken away meanwhile) ipset answers every later one with
    // "Internal protocol error": the child is of no more use.
    if (lines.some((line) => /^(?:save|list)\b/.test(line))) await this.#replaceChild();
    throw new BailiffError('enforcement-failed', `ipset refused a change: ${complaints}`);
  }
}

const prompt = /ipset> /g;

function refuseClosed(): Promise<never> {
  return Promise.reject(new BailiffError('enforcement-failed', 'ipset was closed'));
}

function complaintsOf(text: string): string {
  const lines = text.split('\n').filter((line) => !line.includes('Warning:'));
  return oneLine([...new Set(lines)].join('\n'));
}
