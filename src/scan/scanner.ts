import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { BailiffError, orError } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { Clock, MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import type { Restraint } from './filters/guarded.ts';
import { Offences } from './offences.ts';
import { Placement } from './placement.ts';
import type { ExpressionPlace } from './protocol.ts';
import { ScannerThread, type ThreadEvents } from './scanner-thread.ts';
import {
  type ExpressionName,
  expressionName,
  restraintProblem,
  type SlowExpression,
} from './slow-expression.ts';

export interface ScannerEvents {
  /** The owner calls `scanner.acknowledge(batch)` when it is judged, and keeps its cursor with the effect. */
  batch(batch: MatchBatch): void;
  state(id: string, state: SourceState, detail: string): void;
  /** Lines of this source are lost, or may be: which, and what to do about it. */
  gap(id: string, detail: string): void;
  /** A worker died; these sources, mostly files, go on from the last cursor that was received before it was gone. */
  restarted(reason: string, goOn: readonly string[]): void;
  /** A stream must be opened again by its owner, from the last cursor of its batches. */
  streamLost(id: string): void;
  /** An expression did not come to an end. */
  slow?(slow: SlowExpression): void;
}

export interface ScannerOptions {
  /** Most workers; the main thread has a core for itself, where there are two. */
  readonly workers?: number;
  /** Another worker starts where each has as many sources. */
  readonly sourcesPerWorker?: number;
  /** In seconds, never set. */
  readonly clock?: Clock;
  /** How often it is looked whether an expression may be let off, in ms. */
  readonly letOffMs?: number;
}

/** The filter of this name. */
export type FilterLookup = (name: string) => FilterDefinition;

const steadyClock: Clock = { now: () => performance.now() / 1_000 };

/** The main thread's side of reading and filtering. Each source is read by one worker, which starts when it is needed. */
export class Scanner {
  #lookup: FilterLookup;
  /** Those that sources have come to need. Their places are their numbers in the workers. */
  readonly #filters: FilterDefinition[] = [];
  readonly #events: ScannerEvents;
  readonly #placement: Placement<ScannerThread>;
  readonly #offences: Offences;
  /** By source. */
  readonly #threads = new Map<string, ScannerThread>();
  readonly #origins = new WeakMap<MatchBatch, ScannerThread>();
  #generation = 0;
  readonly #letOffMs: number;
  #letOff: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(lookup: FilterLookup, events: ScannerEvents, options: ScannerOptions = {}) {
    const { workers = availableParallelism() - 1, sourcesPerWorker, clock = steadyClock } = options;
    this.#letOffMs = options.letOffMs ?? 10_000;
    this.#lookup = lookup;
    this.#events = events;
    this.#offences = new Offences(clock);
    this.#placement = new Placement(workers, () => this.#thread(), sourcesPerWorker);
  }

  /**
   * Filters may be others now: sources that are opened from now on are judged with these. Returns the names of those
   * that sources have come to need and that are others; one that cannot be had any more stays as it was.
   */
  relearn(lookup: FilterLookup): ReadonlySet<string> {
    this.#lookup = lookup;
    const changed = new Set<string>();
    // One that has changed gets a number of its own. The workers take the last of a name.
    for (const [name, known] of new Map(this.#filters.map((filter) => [filter.name, filter]))) {
      const filter = orError(() => this.#definition(name));
      if (filter instanceof BailiffError || isDeepStrictEqual(known, filter)) continue;
      this.#filters.push(filter);
      changed.add(name);
    }
    return changed;
  }

  /**
   * Begins or replaces a source. Returns its generation: batches of older ones are dropped.
   * @throws what the lookup of its filters throws
   */
  open(request: ScanRequest): number {
    const generation = ++this.#generation;
    if (this.#stopped) return generation;
    for (const name of request.filters) this.#need(name);
    const thread = this.#threads.get(request.id) ?? this.#placement.place(request);
    this.#threads.set(request.id, thread);
    thread.open(request, generation);
    return generation;
  }

  /**
   * Gives a stream's bytes to the worker; `bytes` must not be used afterwards. Resolves when there is room for more
   * (at once, mostly). Bytes of a stream that was closed or replaced are dropped.
   */
  async write(id: string, generation: number, bytes: Uint8Array): Promise<void> {
    await this.#threads.get(id)?.write(id, generation, bytes);
  }

  /**
   * The stream ended for good, as when its container stopped, or the file is gone: what there is of it is read, and a
   * last line without a newline judged.
   */
  async end(id: string, generation: number): Promise<void> {
    await this.#threads.get(id)?.end(id, generation);
  }

  close(id: string): void {
    this.#threads.get(id)?.close(id);
    this.#threads.delete(id);
  }

  /** The batch is judged. Until then it counts as under way, of which there are at most four a worker. */
  acknowledge(batch: MatchBatch): void {
    this.#origins.get(batch)?.acknowledge(batch);
    this.#origins.delete(batch);
  }

  /** Expressions that are not run as they are written, in words. */
  problems(): string[] {
    return this.restrained().map(({ restraint, ...name }) => restraintProblem(name, restraint));
  }

  /** The same, by their names. */
  restrained(): (ExpressionName & { readonly restraint: Restraint })[] {
    return this.#offences
      .restrained()
      .map((each) => ({ ...expressionName(this.#filters, each), restraint: each.restraint }));
  }

  /** Ends the workers. Batches that still arrive are dropped; their lines are read again next time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#letOff);
    this.#threads.clear();
    await Promise.all(this.#placement.threads.map((thread) => thread.stop()));
  }

  #need(name: string): void {
    if (this.#filters.some((filter) => filter.name === name)) return;
    this.#filters.push(this.#definition(name));
  }

  #definition(name: string): FilterDefinition {
    return { ...this.#lookup(name), samples: [] };
  }

  #thread(): ScannerThread {
    const restraints = () => this.#offences.restrained();
    const thread: ScannerThread = new ScannerThread({
      filters: this.#filters,
      restraints,
      events: this.#threadEvents(() => thread),
    });
    return thread;
  }

  #threadEvents(thread: () => ScannerThread): ThreadEvents {
    const events = this.#events;
    return {
      batch: (batch) => {
        this.#origins.set(batch, thread());
        events.batch(batch);
      },
      state: (id, state, detail) => events.state(id, state, detail),
      gap: (id, detail) => events.gap(id, detail),
      restarted: (reason, goOn) => events.restarted(reason, goOn),
      streamLost: (id) => {
        this.#threads.delete(id);
        events.streamLost(id);
      },
      stuck: (place, source) => this.#stuck(place, source),
      skipped: (place, source, text, again) => {
        events.slow?.({ ...expressionName(this.#filters, place), what: 'skipped', source, text });
        if (again && this.#offences.add(place)) this.#restrain(place);
      },
      restrained: (place, restraint) => {
        if (this.#offences.came(place, restraint)) this.#tellRestraint(place);
      },
    };
  }

  /** Returns why the worker is ended. */
  #stuck(place: ExpressionPlace, source: string | null): string {
    const name = expressionName(this.#filters, place);
    this.#events.slow?.({ ...name, what: 'stuck', source });
    if (this.#offences.add(place)) this.#restrain(place);
    return `filter ${name.filter}: ${name.expression} did not come to an end on a line of ${source ?? 'a source that is gone'}`;
  }

  #restrain(place: ExpressionPlace): void {
    for (const thread of this.#placement.threads) thread.restrain(place, 'linear');
    this.#letOff ??= setInterval(() => this.#lookForQuiet(), this.#letOffMs).unref();
    this.#tellRestraint(place);
  }

  #tellRestraint({ filter, expression }: ExpressionPlace): void {
    const now = this.#offences
      .restrained()
      .find((each) => each.filter === filter && each.expression === expression);
    if (now === undefined) return;
    const name = expressionName(this.#filters, now);
    this.#events.slow?.({ ...name, what: 'restrained', restraint: now.restraint });
  }

  #lookForQuiet(): void {
    for (const place of this.#offences.letOff()) {
      for (const thread of this.#placement.threads) thread.restrain(place, null);
      this.#events.slow?.({ ...expressionName(this.#filters, place), what: 'let off' });
    }
    if (this.#offences.any) return;
    clearInterval(this.#letOff);
    this.#letOff = undefined;
  }
}
