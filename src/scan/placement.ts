import type { ScanRequest } from '../core/types.ts';

/** A thread as it is chosen: by how many sources it reads. */
export interface Reader {
  readonly sources: number;
}

/** A thread costs 15 to 30 MB: another one is started where each has as many sources as this. */
const sourcesBeforeNext = 4;

/** Jails whose thread is remembered. */
const mostRemembered = 4_096;

/**
 * Which thread reads a source. A rotation or a link can give a file a name that is followed too, and only tails of
 * one thread see that it was judged (judged.ts). That counts among files of the same jails alone, so all files of a
 * jail are read by one thread. (Where a jail is in two groups that were opened apart, and then a file of both, what
 * was judged of that file by one group is not known to the other.) Any other source goes to the thread that has the
 * fewest.
 */
export class Placement<Thread extends Reader> {
  readonly #most: number;
  readonly #before: number;
  readonly #start: () => Thread;
  readonly #threads: Thread[] = [];
  readonly #jails = new Map<string, Thread>();

  /** `start` makes a thread that reads nothing yet. */
  constructor(most: number, start: () => Thread, before = sourcesBeforeNext) {
    this.#most = Math.max(1, most);
    this.#start = start;
    this.#before = before;
  }

  get threads(): readonly Thread[] {
    return this.#threads;
  }

  /** The thread for a source that none reads yet. */
  place({ input }: Pick<ScanRequest, 'input'>): Thread {
    const jails = input.kind === 'file' ? input.readers : [];
    const known = jails.map((jail) => this.#jails.get(jail)).find((thread) => thread !== undefined);
    const thread = known ?? this.#leastLoaded();
    for (const jail of jails) this.#remember(jail, thread);
    return thread;
  }

  #leastLoaded(): Thread {
    const [least] = [...this.#threads].sort((a, b) => a.sources - b.sources);
    if (least !== undefined && (least.sources < this.#before || this.#threads.length >= this.#most))
      return least;
    const thread = this.#start();
    this.#threads.push(thread);
    return thread;
  }

  #remember(jail: string, thread: Thread): void {
    if (!this.#jails.has(jail)) this.#jails.set(jail, thread);
    const [oldest] = this.#jails.keys();
    if (this.#jails.size > mostRemembered && oldest !== undefined) this.#jails.delete(oldest);
  }
}
