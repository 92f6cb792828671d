import { configurationChanges, describeChanges, runnable } from '../config/changes.ts';
import { ConfigurationErrors } from '../config/errors.ts';
import type { Configuration } from '../config/schema.ts';
import type { ReloadAnswer, ReloadStatus } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { FileWatch } from './file-watch.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';

export interface ConfigurationFile {
  /** Where it is, if it is there. */
  readonly path: string;
  /** Reads the whole configuration. @throws ConfigurationErrors */
  readonly load: () => Promise<Configuration>;
}

export interface ReloadParts {
  readonly file: ConfigurationFile;
  readonly running: Live<Configuration>;
  /** Makes it the running one. Returns the names of the filters that are others now. */
  readonly apply: (configuration: Configuration) => Promise<Iterable<string>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads the configuration again while the daemon runs: all of it holds from then on, or nothing of it. */
export class Reload {
  readonly #parts: ReloadParts;
  readonly #watch: FileWatch;
  #last: ReloadStatus | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#watch = new FileWatch(parts.file.path);
  }

  /** The last one; null: there was none. */
  get last(): ReloadStatus | null {
    return this.#last;
  }

  /** One after the other. Rejects for faults of our own alone. */
  run(): Promise<ReloadAnswer> {
    return this.inTurn(() => this.#run());
  }

  /** What else makes another configuration of the running one waits for its turn, too. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Reads it again where its file has changed since, and that is wanted. */
  async look(): Promise<void> {
    if (this.#parts.running.now.reloadOnChange && (await this.#watch.look())) await this.run();
  }

  async #run(): Promise<ReloadAnswer> {
    const { file, running, apply, clock, log } = this.#parts;
    let wanted: Configuration;
    try {
      await this.#watch.take();
      wanted = await file.load();
    } catch (error) {
      return this.#refuse(error);
    }
    const changes = configurationChanges(running.now, wanted);
    const filters = await apply(runnable(running.now, wanted));
    const said = describeChanges(changes, filters);
    const { restart } = changes;
    this.#last = { time: clock.now(), applied: true, changes: said, restart, errors: [] };
    log.info({ changes: said }, 'configuration reloaded');
    for (const option of restart) log.warn({ option }, 'needs a restart');
    return this.#last;
  }

  /** @throws what is no error of a configuration */
  #refuse(error: unknown): ReloadAnswer {
    const errors = error instanceof ConfigurationErrors ? error.errors : [error];
    const told = errors.map((each) => {
      if (!(each instanceof BailiffError)) throw error;
      const { code, message, where, remedy } = each;
      return { code, message, where: where ?? null, remedy: remedy ?? null, text: each.describe() };
    });
    for (const { text } of told)
      this.#parts.log.error({ error: text }, 'configuration not reloaded: the one before holds');
    const time = this.#parts.clock.now();
    this.#last = { time, applied: false, changes: [], restart: [], errors: told };
    return this.#last;
  }
}
