import { Complaints } from './complaints.ts';
import type { BanEvent, Notifier, Reaction, Report } from './notifier.ts';

/** Bans that wait for a reaction; beyond that they are dropped and counted. */
const mostWaiting = 1_000;
/** What takes a ban back may wait longer: without it, what was done for the ban would stay for ever. */
const mostUnbansWaiting = 10 * mostWaiting;
/** As may those of an earlier run, which come all at once. */
const mostRestored = 100 * mostWaiting;
/**
 * How long a stop lets what waits take, and then the reaction's own stop (ms): together less than the 10 s after which
 * Docker kills what it has asked to end.
 */
const usualPatienceMs = 4_000;
/** How often a reaction is asked to look again (ms); fail2ban's own. */
const recheckMs = 3_000;

export interface QueueOptions {
  readonly jail: string;
  /** The action's name, for reports. */
  readonly action: string;
  readonly report: Report;
  readonly patienceMs?: number;
  readonly nowMs?: () => number;
}

interface Task {
  /** What is done, for a report where it fails. */
  readonly name: string;
  readonly run: Run;
}

type Run = (signal: AbortSignal) => Promise<void> | undefined;

/** Does what a reaction does, in the order in which it was asked for, beside everything else. */
export class Queued implements Notifier {
  readonly #reaction: Reaction;
  readonly #complaints: Complaints;
  readonly #patienceMs: number;
  readonly #nowMs: () => number;
  readonly #tasks: Task[] = [];
  #working: Promise<void> | null = null;
  #recheckedAtMs = Number.NEGATIVE_INFINITY;
  #stopped: Promise<void> | null = null;
  /** The stop has waited long enough. */
  readonly #giveUp = new AbortController();
  /** How many bans and unbans were dropped as too many waited. */
  dropped = 0;

  constructor(reaction: Reaction, options: QueueOptions) {
    this.#reaction = reaction;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#complaints = new Complaints(options.jail, options.action, options.report, this.#nowMs);
    this.#patienceMs = options.patienceMs ?? usualPatienceMs;
  }

  start(after?: Promise<unknown>): void {
    const run = async (signal: AbortSignal) => {
      await after;
      await this.#reaction.start(signal);
    };
    this.#add('start', run, mostWaiting);
  }

  banned(event: BanEvent): void {
    const most = event.restored ? mostRestored : mostWaiting;
    this.#add('ban', (signal) => this.#reaction.ban(event, signal), most);
  }

  prolonged(event: BanEvent): void {
    this.#add('prolong', (signal) => this.#reaction.prolong?.(event, signal), mostWaiting);
  }

  unbanned(event: BanEvent): void {
    this.#add('unban', (signal) => this.#reaction.unban?.(event, signal), mostUnbansWaiting);
  }

  seenAgain(event: BanEvent): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#recheckedAtMs < recheckMs) return;
    this.#recheckedAtMs = nowMs;
    this.#add('recheck', (signal) => this.#reaction.recheck?.(event, signal), mostWaiting);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    const timer = setTimeout(() => this.#giveUp.abort(), this.#patienceMs);
    await this.#working;
    clearTimeout(timer);
    if (this.#tasks.length > 0) {
      this.#complaints.tell('stop', `${this.#tasks.length} of what waited was not done`);
      this.#tasks.length = 0;
    }
    const run: Run = (signal) => this.#reaction.stop(signal);
    await this.#run({ name: 'stop', run }, AbortSignal.timeout(this.#patienceMs));
    this.#complaints.end();
  }

  #add(name: string, run: Run, most: number): void {
    if (this.#stopped !== null) return;
    if (this.#tasks.length >= most) {
      this.dropped += 1;
      this.#complaints.tell('queue', `${most} wait already, so a ${name} was dropped`);
      return;
    }
    this.#tasks.push({ name, run });
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // The caller goes on first.
    await Promise.resolve();
    for (;;) {
      const { signal } = this.#giveUp;
      const task = signal.aborted ? undefined : this.#tasks.shift();
      if (task === undefined) break;
      await this.#run(task, signal);
    }
    this.#working = null;
  }

  async #run({ name, run }: Task, signal: AbortSignal): Promise<void> {
    try {
      await run(signal);
    } catch (error) {
      this.#complaints.tell(name, error);
    }
  }
}
