import { execa } from 'execa';
import { commandEnvironment } from './command.ts';
import { type Schedule, schedule } from './pace.ts';

/** Between two hints, in ms: a reconciliation takes longer than a burst of changes does. */
const hintMs = 100;
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;
/** A child that has lived this long, in ms, was no failure. */
const provenMs = 300_000;
/** Until a new child listens, in ms; beside many elements of nftables it takes a second. */
const settleMs = 3_000;
/** In a row: half an hour of trying. */
const mostFailures = 14;
/** Bytes: nft keeps every element it has ever heard of, about 350 bytes each, so it has to be ended some time. */
const largestChild = 128 * 1024 * 1024;

/**
 * Rules that come and go, through nft or iptables-nft, also with the chain or table they stood in; no chain
 * without rules, no element of a set. Nothing is told of iptables-legacy and ipset. The child must not
 * outlive a daemon that was killed, nor outgrow it; all of these replace themselves by the next one.
 */
export const monitorCommand: readonly [string, ...string[]] = [
  'setpriv',
  '--pdeathsig=KILL',
  'prlimit',
  `--data=${largestChild}`,
  'stdbuf',
  '-oL',
  'nft',
  'monitor',
  'rules',
];

/** Where the kernel would have told of every change, rules are read again all the same after this time, in ms. */
export const longestUnread = 30_000;

/** Tells whether rules may have changed since they were read, so that they need not be read at each look. */
export interface RuleWatch {
  /** While two marks are equal, no change was seen in between. null: nobody watches, or all changes cannot be seen. */
  mark(): number | null;
}

export interface MonitorOptions {
  /** Some rule may have changed: have a look. At most once in 100 ms. */
  readonly changed: () => void;
  readonly command?: readonly [string, ...string[]];
  readonly schedule?: Schedule;
}

/**
 * Hints of rule changes, so that a repair need not wait for the next look. Nothing rests on them: where nft
 * is missing, or dies again and again, there are none, and nobody is told.
 */
export class Monitor implements RuleWatch {
  readonly #changed: () => void;
  readonly #command: readonly [string, ...string[]];
  readonly #schedule: Schedule;
  #child: { kill(signal: NodeJS.Signals): boolean } | null = null;
  #ended: Promise<void> = Promise.resolve();
  #failures = 0;
  #closed = false;
  /** For a retry while no child stands, for its proof while one does. */
  #cancelTimer: () => void = () => undefined;
  #cancelHint: () => void = () => undefined;
  #resting = false;
  #owing = false;
  #seen = 0;
  #startedAt = 0;

  constructor(options: MonitorOptions) {
    this.#changed = options.changed;
    this.#command = options.command ?? monitorCommand;
    this.#schedule = options.schedule ?? schedule;
    this.#start();
  }

  /** Whether a child stands, so that hints may come. */
  get watching(): boolean {
    return this.#child !== null;
  }

  /** A child that has just been started may not be listening yet. */
  mark(): number | null {
    return this.#child !== null && performance.now() - this.#startedAt > settleMs ? this.#seen : null;
  }

  /** Ends the child. No hint comes after this was called. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#cancelHint();
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  #start(): void {
    const [file, ...args] = this.#command;
    const child = execa(file, args, {
      reject: false,
      buffer: false,
      stdin: 'ignore',
      stderr: 'ignore',
      env: commandEnvironment,
    });
    this.#child = child;
    this.#startedAt = performance.now();
    this.#seen += 1;
    // That something was said is all there is to know: the rules are read anew.
    child.stdout.on('data', () => {
      this.#seen += 1;
      this.#heard();
    });
    this.#ended = child.then(() => this.#died());
    this.#cancelTimer = this.#schedule(() => {
      this.#failures = 0;
    }, provenMs);
  }

  #died(): void {
    this.#child = null;
    this.#cancelTimer();
    if (this.#closed || this.#failures >= mostFailures) return;
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#cancelTimer = this.#schedule(() => this.#start(), pauseMs);
  }

  #heard(): void {
    if (this.#closed) return;
    if (this.#resting) {
      this.#owing = true;
      return;
    }
    this.#resting = true;
    this.#owing = false;
    this.#cancelHint = this.#schedule(() => {
      this.#resting = false;
      if (this.#owing) this.#heard();
    }, hintMs);
    this.#changed();
  }
}
