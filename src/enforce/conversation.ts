import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { execa } from 'execa';
import { BailiffError } from '../core/errors.ts';
import { oneLine } from './command.ts';

/** A program that reads commands from its stdin for as long as it lives, and how to tell when it is through. */
export interface Speech {
  /** What it is called where something is said of it. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** The command that ends each exchange, and what is printed for it and for nothing else. */
  readonly marker: string;
  readonly acknowledgement: RegExp;
  /** How long it may say nothing while it owes an answer, in ms, before it counts as dead. */
  readonly silenceMs: number;
}

/** What was printed in one exchange, to stdout and to stderr. */
export interface Heard {
  readonly output: string;
  readonly complaints: string;
}

/** Longer than an acknowledgement: what is kept of a chunk in case one is cut by the chunk's end. */
const carryLength = 200;
/** Characters per write: big enough to be cheap, small enough for the pipe's back-pressure to work. */
const writeSize = 64 * 1024;
/** One complaint says what a hundred thousand of the same kind say. */
const longestComplaints = 10_000;
/** How long a child may take to end by itself once its stdin is closed, in ms. */
const endPatience = 1_000;

/** One child and the exchange it is working on; exchanges must follow one another. */
export class Conversation {
  readonly #speech: Speech;
  readonly #process;
  readonly #died: Promise<never>;
  #output: string[] = [];
  #carry = '';
  #complaints = '';
  #stuck = false;
  #acknowledge: () => void = () => undefined;
  #watchdog: NodeJS.Timeout | null = null;
  /** How many exchanges it was asked for. */
  exchanges = 0;
  dead = false;

  constructor(speech: Speech) {
    this.#speech = speech;
    const [file, ...args] = speech.command;
    this.#process = execa(file, args, {
      reject: false,
      buffer: false,
      stdin: 'pipe',
      env: speech.environment,
    });
    this.#died = this.#process.then((result) => {
      this.dead = true;
      const silence = `it said nothing for ${speech.silenceMs} ms`;
      const how = result.signal === undefined ? `exit code ${result.exitCode ?? 'none'}` : result.signal;
      const said = this.#stuck ? silence : oneLine(this.#complaints) || how;
      const why = result.code === 'ENOENT' ? `${file} is not installed` : said;
      throw new BailiffError('enforcement-failed', `${speech.name} died: ${why}`, { cause: result });
    });
    this.#died.catch(() => undefined);
    // A write to a child that is gone fails here; what is to be said of it stands in #died.
    this.#process.stdin.on('error', () => undefined);
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.#complaints.length < longestComplaints) this.#complaints += text;
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Sends lines and resolves when the child has worked through all of them.
   * @throws BailiffError enforcement-failed, where it died or was silent; what it had done by then is not known
   */
  async exchange(lines: readonly string[]): Promise<Heard> {
    this.exchanges += 1;
    this.#output = [];
    this.#carry = '';
    this.#complaints = '';
    const acknowledged = new Promise<void>((resolve) => {
      this.#acknowledge = resolve;
    });
    this.#watchdog = setTimeout(() => this.#giveUp(), this.#speech.silenceMs);
    try {
      await Promise.race([this.#write(lines), this.#died]);
      await Promise.race([acknowledged, this.#died]);
      // What was written to stderr before the acknowledgement is in its pipe. This turn may have asked the pipes before it
      // was, and read the acknowledgement behind what it asked for: the next turn asks again.
      await nextTurn();
      await nextTurn();
    } finally {
      clearTimeout(this.#watchdog);
    }
    return { output: this.#output.join(''), complaints: this.#complaints };
  }

  /** Closes its stdin and waits until it has gone. */
  async end(): Promise<void> {
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), endPatience);
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
    await this.#put(`${text}${this.#speech.marker}\n`);
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
    if (this.#speech.acknowledgement.test(recent)) this.#acknowledge();
  }

  #giveUp(): void {
    this.#stuck = true;
    this.#process.kill('SIGKILL');
  }
}
