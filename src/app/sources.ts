import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../config/schema.ts';
import { messageLine } from '../core/errors.ts';
import { aborted } from '../sources/aborted.ts';
import { JailList } from '../sources/jail-list.ts';
import { type ConfiguredKind, sourceKinds } from '../sources/registry.ts';
import type { SourceHost } from '../sources/source.ts';
import { supervise } from '../sources/supervise.ts';
import type { Intake } from './intake.ts';
import type { Log } from './log.ts';

export interface SourcesParts {
  readonly host: SourceHost;
  readonly intake: Intake;
  readonly log: Log;
}

interface Running {
  readonly settings: unknown;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The kinds of sources that run, as the configuration asks for them. */
export class Sources {
  readonly #parts: SourcesParts;
  readonly #jails: JailList;
  #kinds: readonly ConfiguredKind[];
  /** By name. */
  readonly #running = new Map<string, Running>();
  /** null: they do not run yet. */
  #signal: AbortSignal | null = null;

  constructor(configuration: Configuration, parts: SourcesParts) {
    this.#parts = parts;
    this.#jails = new JailList(enabledOf(configuration));
    this.#kinds = sourceKinds(configuration);
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const kind of this.#kinds) this.#start(kind, signal);
    await aborted(signal);
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Kinds with other settings are begun anew; the others are told of the jails. */
  reconfigure(configuration: Configuration): void {
    const signal = this.#signal;
    this.#kinds = sourceKinds(configuration);
    const isSame = ({ kind, settings }: ConfiguredKind): boolean => {
      const running = this.#running.get(kind.name);
      return running?.stop.signal.aborted === false && isDeepStrictEqual(settings, running.settings);
    };
    const stays = new Set(this.#kinds.filter(isSame).map(({ kind }) => kind.name));
    for (const [name, { stop }] of this.#running) if (!stays.has(name)) stop.abort();
    this.#jails.replace(enabledOf(configuration));
    if (signal === null || signal.aborted) return;
    for (const each of this.#kinds) if (!stays.has(each.kind.name)) this.#start(each, signal);
  }

  /** Once the one before has closed what it read. */
  #start({ kind, settings }: ConfiguredKind, signal: AbortSignal): void {
    const { host, intake, log } = this.#parts;
    const before = this.#running.get(kind.name)?.ended;
    const stop = new AbortController();
    const follow = (until: AbortSignal): Promise<void> => kind.follow(this.#jails, host, until);
    const failed = sourceFailed(kind.name, intake, log);
    const run = async (): Promise<void> => {
      // At once where nothing is waited for: what is announced at the start counts the sources.
      if (before !== undefined) await before;
      await supervise(follow, AbortSignal.any([signal, stop.signal]), failed);
      if (!signal.aborted) intake.forget(kind.name);
    };
    this.#running.set(kind.name, { settings, stop, ended: run() });
  }
}

function enabledOf({ jails }: Configuration) {
  return jails.filter((jail) => jail.enabled);
}

/** Shows in status each time; is said in the log when it is news, not at every try. */
function sourceFailed(kind: string, intake: Intake, log: Log): (error: unknown) => void {
  let last = '';
  return (error) => {
    const detail = messageLine(error);
    intake.report(kind, 'waiting', detail);
    if (detail !== last) log.warn({ source: kind, error: detail }, 'source waits');
    last = detail;
  };
}
