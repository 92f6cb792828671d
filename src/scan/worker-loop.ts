import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import { CriLines } from './cri-lines.ts';
import { compileWatched } from './filters/compile.ts';
import type { Filter } from './filters/filter.ts';
import { type Skipped, Watch } from './filters/watch.ts';
import { Judged } from './judged.ts';
import { BatchMaker, type Output } from './output.ts';
import {
  type Command,
  type ExpressionPlace,
  mostOfOneSource,
  mostUnacknowledged,
  type Report,
  type WorkerSetup,
} from './protocol.ts';
import { Scan } from './scan.ts';
import { Spot } from './spot.ts';
import { Stream } from './stream.ts';
import { Tail } from './tail.ts';

type Write = Extract<Command, { type: 'write' }>;
type Suspect = Extract<Command, { type: 'suspect' }>;
type Restrain = Extract<Command, { type: 'restrain' }>;

const settled = Promise.resolve();

interface OpenSource {
  readonly generation: number;
  readonly stream: Stream | null;
  readonly tail: Tail | null;
  /** Its chunks are judged in the order they came; those of other streams do not wait for them. */
  writes: Promise<void>;
  close(): void;
}

/** Characters of a text that was skipped that are told. */
const longestTold = 1_024;
/** How long, in ms, a text is expected that did not come to an end in the worker before. */
const longestSuspicionMs = 60_000;

/** The worker's side: takes commands, runs a loop per source, and never has too many batches under way. */
class WorkerLoop {
  readonly #port: MessagePort;
  readonly #filters = new Map<string, Filter>();
  readonly #watches: Watch[] = [];
  readonly #spot: Spot;
  /** Expressions that skipped a text since the last batch. */
  readonly #met = new Map<string, ExpressionPlace>();
  readonly #judged = new Judged();
  readonly #sources = new Map<string, OpenSource>();
  #underWay = 0;
  /** By source. */
  readonly #underWayOf = new Map<string, number>();
  #waiting: (() => void)[] = [];

  constructor(port: MessagePort, setup: WorkerSetup) {
    this.#port = port;
    this.#spot = new Spot(setup.spot);
    port.on('message', (command: Command) => this.#take(command));
  }

  #take(command: Command): void {
    switch (command.type) {
      case 'filters':
        for (const filter of command.filters) this.#learn(filter);
        break;
      case 'open':
        this.#open(command.request, command.generation);
        break;
      case 'write':
        this.#queue(command);
        break;
      case 'close':
        this.#close(command.id);
        break;
      case 'acknowledge':
        this.#acknowledged(command.id);
        break;
      case 'suspect':
        this.#suspect(command);
        break;
      case 'restrain':
        this.#restrain(command);
        break;
    }
  }

  #learn(definition: FilterDefinition): void {
    const watch = new Watch(this.#spot, this.#watches.length, this.#skipped);
    this.#watches.push(watch);
    this.#filters.set(definition.name, compileWatched(definition, watch));
  }

  #suspect({ filter, expression, length }: Suspect): void {
    this.#watches[filter]?.expression(expression)?.suspect(length);
    // It may have been lost with a stream that cannot go back.
    setTimeout(() => this.#acquit({ filter, expression }), longestSuspicionMs).unref();
  }

  #acquit({ filter, expression }: ExpressionPlace): void {
    this.#watches[filter]?.expression(expression)?.acquit();
    this.#report({ type: 'acquitted', filter, expression });
  }

  #restrain({ filter, expression, restraint }: Restrain): void {
    const came = this.#watches[filter]?.expression(expression)?.restrain(restraint) ?? null;
    if (came !== null) this.#report({ type: 'restrained', filter, expression, restraint: came });
  }

  readonly #skipped: Skipped = (filter, expression, text) => {
    this.#met.set(`${filter} ${expression}`, { filter, expression });
    const told = text.slice(0, longestTold);
    this.#report({ type: 'skipped', filter, expression, generation: this.#spot.generation, text: told });
  };

  #open(request: ScanRequest, generation: number): void {
    this.#close(request.id);
    const output = this.#output(request.id, generation);
    try {
      const { input, cursor, timeZone, learned } = request;
      const encoding = 'encoding' in input ? input.encoding : undefined;
      const scan = new Scan(this.#filtersOf(request), {
        timeZone,
        encoding,
        learned,
        evidence: request.evidence ?? 0,
        watched: { begin: () => this.#spot.begin(generation), end: () => this.#spot.end() },
      });
      const batches = new BatchMaker(request.id, generation, scan);
      if (input.kind === 'stream') {
        const stream = new Stream(input, cursor, scan, batches, output);
        this.#sources.set(request.id, {
          generation,
          stream,
          tail: null,
          writes: settled,
          close: () => stream.close(),
        });
      } else {
        const format = input.format === 'cri' ? new CriLines(cursor, scan.keeps) : null;
        const tail = new Tail(input, cursor, { scan, batches, output, judged: this.#judged, format });
        this.#sources.set(request.id, {
          generation,
          stream: null,
          tail,
          writes: settled,
          close: () => tail.close(),
        });
        void tail.run();
      }
    } catch (thrown) {
      output.state('failed', messageOf(thrown));
    }
  }

  #filtersOf(request: ScanRequest): Filter[] {
    return request.filters.map((name) => {
      const filter = this.#filters.get(name);
      if (filter === undefined) throw new Error(`there is no filter "${name}"`);
      return filter;
    });
  }

  #queue(command: Write): void {
    const source = this.#sources.get(command.id);
    if (source?.generation === command.generation)
      source.writes = source.writes.then(() => this.#write(command));
    else void this.#write(command);
  }

  async #write({ id, generation, bytes }: Write): Promise<void> {
    const source = this.#sources.get(id);
    if (bytes === null && source?.generation === generation) source.tail?.finish();
    if (source?.stream !== null && source?.generation === generation) {
      const sound = await source.stream.take(bytes);
      if (!sound) {
        this.#sources.delete(id);
        this.#report({ type: 'lost', id, generation });
      }
    }
    this.#report({ type: 'consumed', bytes: bytes?.length ?? 0 });
  }

  #close(id: string): void {
    this.#sources.get(id)?.close();
    this.#sources.delete(id);
  }

  #output(id: string, generation: number): Output {
    const full = (): boolean =>
      this.#underWay >= mostUnacknowledged || (this.#underWayOf.get(id) ?? 0) >= mostOfOneSource;
    return {
      get full() {
        return full();
      },
      room: () => new Promise((resolve) => this.#waiting.push(resolve)),
      post: (batch) => this.#post(batch),
      state: (state: SourceState, detail: string) =>
        this.#report({ type: 'state', id, generation, state, detail }),
      gap: (detail: string) => this.#report({ type: 'gap', id, generation, detail }),
    };
  }

  #post(batch: MatchBatch): void {
    this.#underWay++;
    this.#underWayOf.set(batch.source, (this.#underWayOf.get(batch.source) ?? 0) + 1);
    const report: Report = { type: 'batch', batch };
    this.#port.postMessage(report, [batch.columns.buffer as ArrayBuffer]);
    for (const place of this.#met.values()) this.#acquit(place);
    this.#met.clear();
  }

  #acknowledged(id: string): void {
    this.#underWay--;
    const left = (this.#underWayOf.get(id) ?? 1) - 1;
    if (left > 0) this.#underWayOf.set(id, left);
    else this.#underWayOf.delete(id);
    this.#wakeAll();
  }

  /** All of them, in the order they came, so that they take turns: one that was closed meanwhile would waste the turn of another. */
  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #report(report: Report): void {
    this.#port.postMessage(report);
  }
}

if (parentPort === null) throw new Error('worker-loop.ts runs only as a worker');
new WorkerLoop(parentPort, workerData as WorkerSetup);
