import { hostname } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { NoticeKind, NotifierConfiguration } from '../config/notify-options.ts';
import type { Configuration } from '../config/schema.ts';
import { BailiffError, messageLine } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { channelOf } from '../notify/channels.ts';
import { type Delivery, Dispatch, type DispatchStatus } from '../notify/dispatch.ts';
import { KeptQueue } from '../notify/kept-queue.ts';
import type { Log } from './log.ts';

interface Running {
  readonly configuration: NotifierConfiguration;
  readonly dispatch: Dispatch;
}

/** The owner's notifiers, as `notify:` of the configuration has them. */
export class Notifications {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #running: ReadonlyMap<string, Running> = new Map();
  #all: readonly Dispatch[] = [];
  /** Of those that could not be made. */
  #faults: string[] = [];

  constructor({ notifiers, stateDir }: Configuration, clock: Clock, log: Log) {
    this.#folder = join(stateDir, 'notify');
    this.#clock = clock;
    this.#log = log;
    this.#take(notifiers);
  }

  get all(): readonly Dispatch[] {
    return this.#all;
  }

  /**
   * These are the notifiers from now on. One that has changed keeps what waits. Resolves once those that are gone have
   * told what they could, in some seconds; what they could not stays in their files, for one of the same name.
   */
  async reconfigure({ notifiers }: Configuration): Promise<void> {
    const before = this.#all;
    this.#take(notifiers);
    for (const dispatch of this.#all) if (!before.includes(dispatch)) dispatch.start();
    const gone = before.filter((dispatch) => !this.#all.includes(dispatch));
    await Promise.all(gone.map((dispatch) => dispatch.stop()));
  }

  #take(notifiers: readonly NotifierConfiguration[]): void {
    const before = this.#running;
    const made = new Map<string, Running>();
    this.#faults = [];
    for (const notifier of notifiers) {
      const { name } = notifier;
      try {
        made.set(name, this.#made(notifier, before.get(name)));
      } catch (error) {
        if (!(error instanceof BailiffError)) throw error;
        this.#faults.push(`notifier ${name}: ${messageLine(error)}`);
      }
    }
    this.#running = made;
    this.#all = [...made.values()].map(({ dispatch }) => dispatch);
  }

  /** @throws BailiffError config-invalid */
  #made(configuration: NotifierConfiguration, known: Running | undefined): Running {
    if (known !== undefined && isDeepStrictEqual(known.configuration, configuration)) return known;
    const { way, ...notifier } = configuration;
    const { name } = notifier;
    const host = hostname();
    const log = this.#log;
    const options = {
      ...notifier,
      type: way.type,
      host,
      channel: channelOf(way, host),
      clock: this.#clock,
      report: ({ message, more }: { message: string; more: number }) =>
        log.warn({ notifier: name, error: message, more }, 'a notifier failed'),
    };
    known?.dispatch.become(options);
    return {
      configuration,
      dispatch: known?.dispatch ?? new Dispatch({ ...options, queue: this.#queueOf(name) }),
    };
  }

  #queueOf(name: string): KeptQueue {
    const failed = (error: unknown) =>
      this.#log.warn({ notifier: name, error: messageLine(error) }, 'what waits to be told cannot be stored');
    return new KeptQueue({ path: join(this.#folder, `${name}.jsonl`), failed });
  }

  /** Whether anybody is told of such things. */
  tells(kind: NoticeKind): boolean {
    return this.#all.some((notifier) => notifier.tells(kind));
  }

  keepsLines(jail: string): boolean {
    return this.mostLines(jail) > 0;
  }

  /** Lines of logs that a ban of this jail is told with. */
  mostLines(jail: string): number {
    return Math.max(0, ...this.#all.map((notifier) => notifier.linesOf(jail)));
  }

  status(): DispatchStatus[] {
    return this.#all.map((notifier) => notifier.status());
  }

  /** What does not reach its owner, a sentence each. */
  warnings(): string[] {
    const failing = this.status().flatMap(({ name, problem, waiting }) =>
      problem === null ? [] : [`notifier ${name} fails: ${problem} (${waiting} to be told)`],
    );
    return [...this.#faults, ...failing];
  }

  /** @throws BailiffError notifier-not-found */
  test(name: string): Promise<Delivery> {
    const found = this.#running.get(name);
    if (found !== undefined) return found.dispatch.test();
    const names = [...this.#running.keys()].join(', ');
    throw new BailiffError('notifier-not-found', `there is no notifier "${name.slice(0, 64)}"`, {
      remedy:
        names === ''
          ? 'The configuration has none: see docs/notifications.md.'
          : `The notifiers are: ${names}.`,
    });
  }
}
