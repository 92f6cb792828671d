import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FilterDefinition } from '../core/filter.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import type { Command, Report, WorkerSetup } from './protocol.ts';

export interface ScannerEvents {
  /** The owner calls `scanner.acknowledge(batch)` when it is judged, and keeps its cursor with the effect. */
  batch(batch: MatchBatch): void;
  state(id: string, state: SourceState, detail: string): void;
  /** The worker died; files go on from the last cursor that was received before it was gone. */
  restarted(reason: string): void;
  /** A stream must be opened again by its owner, from the last cursor of its batches. */
  streamLost(id: string): void;
}

/** Bytes of streams that may wait in the worker before `write` makes its caller wait. */
const mostWaitingBytes = 4 * 1024 * 1024;

/** A worker that dies sooner than this, for the second time in a row, is started again only after the same time. */
const shortLifeMs = 2_000;

/** In MB; chunks and columns lie outside the heap. */
const heapLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 };

/** `./worker.ts`, or `./worker.js` where this runs compiled. */
const workerFile = path.join(import.meta.dirname, `worker${path.extname(import.meta.filename)}`);

interface Entry {
  request: ScanRequest;
  readonly generation: number;
  /** Its owner has said that nothing more is written. */
  ended: boolean;
}

/** The main thread's side of reading and filtering. The worker starts with the first `open`. */
export class Scanner {
  readonly #filters: readonly FilterDefinition[];
  readonly #events: ScannerEvents;
  readonly #sources = new Map<string, Entry>();
  /** Which worker a batch came from: the answer must not go to its successor. */
  readonly #origins = new WeakMap<MatchBatch, Worker>();
  #worker: Worker | null = null;
  #startedAtMs = 0;
  #shortLives = 0;
  #restart: NodeJS.Timeout | undefined;
  #failure = '';
  #generation = 0;
  #waitingBytes = 0;
  #writers: (() => void)[] = [];
  #stopped = false;

  constructor(filters: readonly FilterDefinition[], events: ScannerEvents) {
    this.#filters = filters;
    this.#events = events;
  }

  /** Begins or replaces a source. Returns its generation: batches of older ones are dropped. */
  open(request: ScanRequest): number {
    const generation = ++this.#generation;
    const entry: Entry = { request, generation, ended: false };
    this.#sources.set(request.id, entry);
    if (this.#worker !== null) this.#send({ type: 'open', request, generation });
    else if (this.#restart === undefined && !this.#stopped) this.#start();
    return generation;
  }

  /**
   * Gives a stream's bytes to the worker; `bytes` must not be used afterwards. Resolves when there is room for more
   * (at once, mostly). Bytes of a stream that was closed or replaced are dropped.
   */
  async write(id: string, generation: number, bytes: Uint8Array): Promise<void> {
    const whole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
    // A part of Node's buffer pool cannot be transferred.
    const own = whole ? bytes : new Uint8Array(bytes);
    await this.#deliver({ type: 'write', id, generation, bytes: own }, [own.buffer as ArrayBuffer]);
  }

  /**
   * The stream ended for good, as when its container stopped: a last line without a newline is judged. A file is
   * read to its end first.
   */
  async end(id: string, generation: number): Promise<void> {
    const entry = this.#sources.get(id);
    if (entry?.generation === generation) entry.ended = true;
    await this.#deliver({ type: 'write', id, generation, bytes: null }, []);
  }

  close(id: string): void {
    this.#sources.delete(id);
    this.#send({ type: 'close', id });
    this.#wakeWriters();
  }

  /** The batch is judged. Until then it counts as under way, of which there are at most four. */
  acknowledge(batch: MatchBatch): void {
    if (this.#worker !== null && this.#origins.get(batch) === this.#worker)
      this.#send({ type: 'acknowledge' });
    this.#origins.delete(batch);
  }

  /** Ends the worker. Batches that still arrive are dropped; their lines are read again next time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#sources.clear();
    clearTimeout(this.#restart);
    this.#wakeWriters();
    await this.#worker?.terminate();
  }

  async #deliver(command: Extract<Command, { type: 'write' }>, transfer: ArrayBuffer[]): Promise<void> {
    await this.#room(command);
    if (!this.#isCurrent(command)) return;
    this.#waitingBytes += command.bytes?.byteLength ?? 0;
    this.#worker?.postMessage(command, transfer);
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
    const setup: WorkerSetup = { filters: this.#filters };
    const worker = new Worker(workerFile, { workerData: setup, resourceLimits: heapLimits, name: 'scanner' });
    this.#worker = worker;
    this.#startedAtMs = performance.now();
    worker.on('message', (report: Report) => this.#take(worker, report));
    worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => this.#exited(code));
    for (const { request, generation, ended } of this.#sources.values()) {
      this.#send({ type: 'open', request, generation });
      if (ended) this.#send({ type: 'write', id: request.id, generation, bytes: null });
    }
    this.#wakeWriters();
  }

  #take(worker: Worker, report: Report): void {
    switch (report.type) {
      case 'batch':
        this.#takeBatch(worker, report.batch);
        break;
      case 'state':
        if (this.#isCurrent(report)) this.#events.state(report.id, report.state, report.detail);
        break;
      case 'consumed':
        this.#waitingBytes -= report.bytes;
        this.#wakeWriters();
        break;
      case 'lost':
        if (this.#isCurrent(report)) this.#lose(report.id);
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
    entry.request = { ...entry.request, cursor: batch.cursor };
    this.#events.batch(batch);
  }

  /** Every message that the worker posted was taken before: cursors are the last there will be. */
  #exited(code: number): void {
    this.#worker = null;
    this.#waitingBytes = 0;
    if (this.#stopped) return;
    for (const { request } of [...this.#sources.values()])
      if (request.input.kind === 'stream') this.#lose(request.id);
    const reason = this.#failure === '' ? `the scanner ended with code ${code}` : this.#failure;
    this.#failure = '';
    this.#shortLives = performance.now() - this.#startedAtMs < shortLifeMs ? this.#shortLives + 1 : 0;
    this.#restart = setTimeout(() => this.#start(), this.#shortLives > 1 ? shortLifeMs : 0);
    this.#events.restarted(reason);
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
