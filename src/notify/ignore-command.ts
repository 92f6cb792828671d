import type { IgnoreCache } from '../config/fail2ban/ignore-cache.ts';
import { type Clock, systemClock } from '../core/types.ts';
import { AnswerCache } from './answer-cache.ts';
import { banTags, type TagSources } from './ban-tags.ts';
import { Complaints } from './complaints.ts';
import type { BanEvent, Evidence, Report } from './notifier.ts';
import type { Shell } from './shell.ts';
import { shellCommand, tagValues } from './shell-command.ts';

/** `unknown`: it could not be asked, as too many wait, or the daemon stops. */
export type IgnoreAnswer = 'ignored' | 'counts' | 'unknown';

/** Who is asked about, and for what. */
export interface IgnoreQuestion extends Evidence {
  /** Canonical, a single one. */
  readonly host: string;
  /** Seconds since the epoch, of the attempt. */
  readonly time: number;
  /** As those of a ban. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface IgnoreCommandOptions extends TagSources {
  readonly jail: string;
  /** As the jail has it; tags stand in it. */
  readonly command: string;
  readonly cache: IgnoreCache | null;
  readonly shell: Shell;
  readonly report: Report;
  readonly clock?: Clock;
  /** Seconds. */
  readonly timeout?: number;
}

/** Seconds; fail2ban's own. */
const usualTimeout = 60;
/** Commands at once; what is asked meanwhile waits. */
const mostAtOnce = 4;
const mostWaiting = 1_000;

/**
 * Asks the owner's command whether somebody is to be ignored: it says so by ending with 0, and with 1 that he is not.
 * Anything else counts as the latter, and is reported; what cannot be asked is told apart.
 */
export class IgnoreCommand {
  readonly #options: IgnoreCommandOptions;
  readonly #complaints: Complaints;
  readonly #answers: AnswerCache | null;
  /** What is being asked, by what the answer depends on. */
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  readonly #stopped = new AbortController();
  #running = 0;

  constructor(options: IgnoreCommandOptions) {
    const { jail, report, cache, shell } = options;
    this.#options = options;
    this.#complaints = new Complaints(jail, 'ignorecommand', report);
    const clock = options.clock ?? systemClock;
    this.#answers = cache === null ? null : new AnswerCache(cache.maxCount, cache.maxTime, clock);
    if (!shell.allowed)
      this.#complaints.tell('left out', 'it is not run, as commands of actions are not allowed');
  }

  /** Never rejects. A command that fails spares nobody. */
  async ignores(question: IgnoreQuestion): Promise<IgnoreAnswer> {
    if (!this.#options.shell.allowed) return 'counts';
    try {
      const ignored = await this.#answer(question);
      if (this.#stopped.signal.aborted) return 'unknown';
      return ignored ? 'ignored' : 'counts';
    } catch (error) {
      this.#complaints.tell('question', error);
      return 'unknown';
    }
  }

  /** Ends what runs; whoever waits for it hears that it is not known. */
  stop(): void {
    this.#stopped.abort();
    this.#complaints.end();
  }

  async #answer(question: IgnoreQuestion): Promise<boolean> {
    const tags = banTags(this.#eventOf(question), this.#options);
    const { cache, command } = this.#options;
    const key = await tagValues(cache === null ? command : cache.key, tags);
    const known = this.#answers?.get(key) ?? this.#asked.get(key);
    if (known !== undefined) return known;
    const asked = this.#ask(tags).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    const answer = await asked;
    this.#answers?.set(key, answer);
    return answer;
  }

  async #ask(tags: ReturnType<typeof banTags>): Promise<boolean> {
    await this.#turn();
    try {
      const { command, shell, timeout = usualTimeout } = this.#options;
      const options = { timeoutMs: timeout * 1000, signal: this.#stopped.signal };
      const { exitCode, complaint } = await shell.run(await shellCommand(command, tags), options);
      if (exitCode !== 0 && exitCode !== 1) this.#complaints.tell('command', complaint);
      return exitCode === 0;
    } finally {
      this.#passOn();
    }
  }

  /** Waits until another command may run, and takes its place. */
  async #turn(): Promise<void> {
    if (this.#running < mostAtOnce) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= mostWaiting) throw new Error(`${mostWaiting} questions wait already`);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Gives the place to whoever waits the longest. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }

  #eventOf({ host, time, fields, failures, matches }: IgnoreQuestion): BanEvent {
    const evidence = { failures, matches };
    const history = { inJail: evidence, inAllJails: evidence, bancount: 0, restored: false };
    const { jail } = this.#options;
    return { jail, address: host, host, since: time, until: time, fields, ...evidence, ...history };
  }
}
