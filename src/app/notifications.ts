import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import { BailiffError, messageLine } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { channelOf } from '../notify/channels.ts';
import { type Delivery, Dispatch, type DispatchStatus } from '../notify/dispatch.ts';
import { KeptQueue } from '../notify/kept-queue.ts';
import type { Log } from './log.ts';

/** The owner's notifiers, as `notify:` of the configuration has them. */
export class Notifications {
  readonly all: readonly Dispatch[];
  /** Of those that could not be made. */
  readonly #faults: string[] = [];

  constructor({ notifiers, stateDir }: Configuration, clock: Clock, log: Log) {
    this.all = notifiers.flatMap(({ way, ...notifier }) => {
      const { name } = notifier;
      const path = join(stateDir, 'notify', `${name}.jsonl`);
      const failed = (error: unknown) =>
        log.warn({ notifier: name, error: messageLine(error) }, 'what waits to be told cannot be stored');
      try {
        const host = hostname();
        const dispatch = new Dispatch({
          ...notifier,
          type: way.type,
          host,
          channel: channelOf(way, host),
          queue: new KeptQueue({ path, failed }),
          clock,
          report: ({ message, more }) =>
            log.warn({ notifier: name, error: message, more }, 'a notifier failed'),
        });
        return [dispatch];
      } catch (error) {
        if (!(error instanceof BailiffError)) throw error;
        this.#faults.push(`notifier ${name}: ${messageLine(error)}`);
        return [];
      }
    });
  }

  keepsLines(jail: string): boolean {
    return this.mostLines(jail) > 0;
  }

  /** Lines of logs that a ban of this jail is told with. */
  mostLines(jail: string): number {
    return Math.max(0, ...this.all.map((notifier) => notifier.linesOf(jail)));
  }

  status(): DispatchStatus[] {
    return this.all.map((notifier) => notifier.status());
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
    const found = this.all.find((notifier) => notifier.name === name);
    if (found !== undefined) return found.test();
    const names = this.all.map((notifier) => notifier.name).join(', ');
    throw new BailiffError('notifier-not-found', `there is no notifier "${name.slice(0, 64)}"`, {
      remedy:
        names === ''
          ? 'The configuration has none: see docs/notifications.md.'
          : `The notifiers are: ${names}.`,
    });
  }
}
