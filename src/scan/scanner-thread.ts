import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FilterDefinition } from '../core/filter.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import type { Restraint } from './filters/guarded.ts';
import type { Command, ExpressionPlace, Report, WorkerSetup } from './protocol.ts';
import { spotBytes } from './spot.ts';
import { Suspects } from './suspects.ts';
import { Watchdog } from './watchdog.ts';

/** What a thread tells its scanner; `ScannerEvents` says what the first ones mean. */
export interface ThreadEvents {
  batch(batch: MatchBatch): void;
  state(id: string, state: SourceState, detail: string): void;
  gap(id: string, detail: string): void;
  streamLost(id: string): void;
  restarted(reason: string, goOn: readonly string[]): void;
  /** The worker is being ended because an expression does not come to an end on a line of this source. */
  stuck(place: ExpressionPlace, source: string | null): string;
  /** `again`: it is not the text that the worker before was ended for. */
  skipped(place: ExpressionPlace, source: string | null, text: string, again: boolean): void;
  restrained(place: ExpressionPlace, restraint: Restraint): void;
}

export interface ThreadSetup {
  /** Grows; what is in it stays where it is. */
  readonly filters: readonly FilterDefinition[];
  /** Expressions that are not run as they are written, for a worker that starts. */
  readonly restraints: () => readonly (ExpressionPlace & { readonly restraint: Restraint })[];
  readonly events: ThreadEvents;
}

/** Bytes of streams that may wait in the worker before `write` makes its caller wait. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** A worker that dies sooner than this, for the second time in a row, is started again only after the same time, then twice that. */
const shortLifeMs = 2_000;
const longestRestartMs = 30_000;

/** In MB; chunks and columns lie outside the heap. */
const heapLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };

/** `./worker-loop.ts`, or `./worker-loop.js` in a build. */
const workerFile = path.join(import.meta.dirname, `worker-loop${path.extname(import.meta.filename)}`);

interface Entry {
  request: ScanRequest;
  readonly generation: number;
  /** A file that is gone: to be read to its end. */
  finishing: boolean;
  /** What a stream that cannot go back has delivered and is not judged yet; null: it can. */
  readonly unjudged: Uint8Array[] | null;
}

/** The main thread's side of one worker and its successors. The first one starts with the first `open`. */
export class ScannerThread {
  readonly #setup: ThreadSetup;
  readonly #events: ThreadEvents;
  readonly #sources = new Map<string, Entry>();
  /** Which worker a batch came from: the answer must not go to its successor. */
  readonly #origins = new WeakMap<MatchBatch, Worker>();
  #worker: Worker | null = null;
  /** How many of the filters it knows. */
  #toldFilters = 0;
  #watchdog: Watchdog | null = null;
  #startedAtMs = 0;
  #shortLives = 0;
  #restart: NodeJS.Timeout | undefined;
  #failure = '';
  readonly #suspects = new Suspects();
  /** Whether this worker is being ended by the watchdog. */
  #stuck = false;
  #waitingBytes = 0;
  #writers: (() => void)[] = [];
  #stopped = false;

  constructor(setup: ThreadSetup) {
    this.#setup = setup;
    this.#events = setup.events;
  }

  /** How many sources it reads. */
  get sources(): number {
    return this.#sources.size;
  }

  open(request: ScanRequest, generation: number): void {
    const goesBack = request.input.kind === 'file' || request.input.framing !== 'syslog';
    const unjudged = goesBack ? null : [];
    this.#sources.set(request.id, { request, generation, finishing: false, unjudged });
    if (this.#worker !== null) {
      this.#tellFilters();
      this.#send({ type: 'open', request, generation });
    } else if (this.#restart === undefined && !this.#stopped) this.#start();
  }

  async write(id: string, generation: number, bytes: Uint8Array): Promise<void> {
    const whole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
    // A part of Node's buffer pool cannot be transferred.
    const own = whole ? bytes : new Uint8Array(bytes);
    await this.#deliver({ type: 'write', id, generation, bytes: own }, [own.buffer as ArrayBuffer]);
  }

  async end(id: string, generation: number): Promise<void> {
    const entry = this.#sources.get(id);
    if (entry?.generation === generation) entry.finishing = true;
    await this.#deliver({ type: 'write', id, generation, bytes: null }, []);
  }

  close(id: string): void {
    this.#sources.delete(id);
    this.#send({ type: 'close', id });
    this.#wakeWriters();
  }

  acknowledge(batch: MatchBatch): void {
    if (this.#worker !== null && this.#origins.get(batch) === this.#worker)
      this.#send({ type: 'acknowledge', id: batch.source });
    this.#origins.delete(batch);
  }

  /** From now on the expression is run so; null: as it is written. */
  restrain({ filter, expression }: ExpressionPlace, restraint: Restraint | null): void {
    this.#suspects.acquit({ filter, expression });
    this.#send({ type: 'restrain', filter, expression, restraint });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#sources.clear();
    clearTimeout(this.#restart);
    this.#watchdog?.stop();
    this.#wakeWriters();
    await this.#worker?.terminate();
  }

  async #deliver(command: Extract<Command, { type: 'write' }>, transfer: ArrayBuffer[]): Promise<void> {
    await this.#room(command);
    if (!this.#isCurrent(command)) return;
    this.#waitingBytes += command.bytes?.byteLength ?? 0;
    const unjudged = this.#sources.get(command.id)?.unjudged ?? null;
    if (command.bytes !== null) unjudged?.push(command.bytes);
    // What may be delivered again is copied.
    this.#worker?.postMessage(command, unjudged === null ? transfer : []);
    await this.#room(command);
  }

  async #room(of: { readonly id: string; readonly generation: number }): Promise<void> {
    while (this.#isCurrent(of) && (this.#worker === null || this.#waitingBytes >= mostWaitingBytes)) {
      await new Promise<void>((resolve) => this.#writers.push(resolve));
    }
  }

  #isCurrent({ id, generation }: { readonly id: string; readonly generation: number }): boolean {
    return this.#sources.get(id)?.generation === generation;
  }

  #start(): void {
    this.#restart = undefined;
    this.#stuck = false;
    const spot = new SharedArrayBuffer(spotBytes);
    const setup: WorkerSetup = { spot };
    const worker = new Worker(workerFile, { workerData: setup, resourceLimits: heapLimits, name: 'scanner' });
    this.#worker = worker;
    this.#startedAtMs = performance.now();
    worker.on('message', (report: Report) => this.#take(worker, report));
    worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => this.#exited(code));
    void this.#watch(worker, spot);
    this.#toldFilters = 0;
    this.#tellFilters();
    for (const { filter, expression, length } of this.#suspects.all())
      this.#send({ type: 'suspect', filter, expression, length });
    for (const { request, generation, finishing, unjudged } of this.#sources.values()) {
      this.#send({ type: 'open', request, generation });
      for (const bytes of unjudged ?? []) {
        this.#waitingBytes += bytes.byteLength;
        this.#send({ type: 'write', id: request.id, generation, bytes });
      }
      if (finishing) this.#send({ type: 'write', id: request.id, generation, bytes: null });
    }
    this.#wakeWriters();
  }

  /** Those that have been added since, and how their expressions are to be run. */
  #tellFilters(): void {
    const known = this.#toldFilters;
    const filters = this.#setup.filters.slice(known);
    if (filters.length === 0) return;
    this.#toldFilters += filters.length;
    this.#send({ type: 'filters', filters });
    for (const each of this.#setup.restraints())
      if (each.filter >= known) this.#send({ type: 'restrain', ...each });
  }

  async #watch(worker: Worker, spot: SharedArrayBuffer): Promise<void> {
    const watchdog = new Watchdog(spot, () => worker.cpuUsage());
    this.#watchdog = watchdog;
    const place = await watchdog.watch();
    if (place === null || this.#worker !== worker || this.#stopped) return;
    this.#stuck = true;
    this.#suspects.add(place);
    this.#failure = this.#events.stuck(place, this.#sourceOf(place.generation));
    await worker.terminate();
  }

  #sourceOf(generation: number): string | null {
    for (const { request, generation: own } of this.#sources.values())
      if (own === generation) return request.id;
    return null;
  }

  #skipped(report: Extract<Report, { type: 'skipped' }>): void {
    const { generation, text } = report;
    const isKnown = this.#suspects.meet(report);
    this.#events.skipped(report, this.#sourceOf(generation), text, !isKnown);
  }

  #take(worker: Worker, report: Report): void {
    switch (report.type) {
      case 'batch':
        this.#takeBatch(worker, report.batch);
        break;
      case 'state':
        if (this.#isCurrent(report)) this.#events.state(report.id, report.state, report.detail);
        break;
      case 'gap':
        if (this.#isCurrent(report)) this.#events.gap(report.id, report.detail);
        break;
      case 'consumed':
        this.#waitingBytes -= report.bytes;
        this.#wakeWriters();
        break;
      case 'lost':
        if (this.#isCurrent(report)) this.#lose(report.id);
        break;
      case 'skipped':
        this.#skipped(report);
        break;
      case 'acquitted':
        this.#suspects.acquit(report);
        break;
      case 'restrained':
        this.#events.restrained(report, report.restraint);
        break;
    }
  }

  #takeBatch(worker: Worker, batch: MatchBatch): void {
    this.#origins.set(batch, worker);
    const entry = this.#sources.get(batch.source);
    if (entry?.generation !== batch.generation) {
      this.acknowledge(batch);
      return;
    }
    const { cursor, learned = entry.request.learned ?? null } = batch;
    entry.request = { ...entry.request, cursor, learned };
    // There is one for each piece that was delivered.
    entry.unjudged?.shift();
    this.#events.batch(batch);
  }

  /** Every message that the worker posted was taken before: cursors are the last there will be. */
  #exited(code: number): void {
    this.#watchdog?.stop();
    this.#worker = null;
    this.#waitingBytes = 0;
    if (this.#stopped) return;
    const entries = [...this.#sources.values()];
    const lost = entries.filter((entry) => !this.#goesOn(entry));
    const goOn = entries.filter((entry) => !lost.includes(entry)).map(({ request }) => request.id);
    for (const { request } of lost) this.#lose(request.id);
    const reason = this.#failure === '' ? `the scanner ended with code ${code}` : this.#failure;
    this.#failure = '';
    this.#restart = setTimeout(() => this.#start(), this.#pauseMs());
    this.#events.restarted(reason, goOn);
  }

  /** Without its owner. What ended the worker in another way than an expression would end the next one too. */
  #goesOn({ request, unjudged }: Entry): boolean {
    return request.input.kind === 'file' || (unjudged !== null && this.#stuck);
  }

  /** An expression can end so few workers that no pause is needed. */
  #pauseMs(): number {
    if (this.#stuck) return 0;
    this.#shortLives = performance.now() - this.#startedAtMs < shortLifeMs ? this.#shortLives + 1 : 0;
    return restartAfterMs(this.#shortLives);
  }

  #lose(id: string): void {
    this.#sources.delete(id);
    this.#wakeWriters();
    this.#events.streamLost(id);
  }

  #wakeWriters(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const wake of writers) wake();
  }

  #send(command: Command): void {
    this.#worker?.postMessage(command);
  }
}

/** The first deaths may be an accident; then the pauses grow. */
export function restartAfterMs(shortLives: number): number {
  return shortLives < 2 ? 0 : Math.min(shortLifeMs * 2 ** (shortLives - 2), longestRestartMs);
}
