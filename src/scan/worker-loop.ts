import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import { CriLines } from './cri-lines.ts';
import { compileFilter } from './filters/compile.ts';
import type { Filter } from './filters/filter.ts';
import { BatchMaker, nowMs, type Output } from './output.ts';
import { type Command, mostUnacknowledged, type Report, type WorkerSetup } from './protocol.ts';
import { Scan } from './scan.ts';
import { Stream } from './stream.ts';
import { Tail } from './tail.ts';

interface OpenSource {
  readonly generation: number;
  readonly stream: Stream | null;
  readonly tail: Tail | null;
  close(): void;
}

/** The worker's side: takes commands, runs a loop per source, and never has too many batches under way. */
class WorkerLoop {
  readonly #port: MessagePort;
  readonly #filters: ReadonlyMap<string, Filter>;
  readonly #sources = new Map<string, OpenSource>();
  /** Stream chunks are judged in the order they came. */
  #writes: Promise<void> = Promise.resolve();
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(port: MessagePort, setup: WorkerSetup) {
    this.#port = port;
    this.#filters = new Map(setup.filters.map((definition) => [definition.name, compileFilter(definition)]));
    port.on('message', (command: Command) => this.#take(command));
  }

  #take(command: Command): void {
    switch (command.type) {
      case 'open':
        this.#open(command.request, command.generation);
        break;
      case 'write':
        this.#writes = this.#writes.then(() => this.#write(command));
        break;
      case 'close':
        this.#close(command.id);
        break;
      case 'acknowledge':
        this.#underWay--;
        this.#wakeAll();
        break;
    }
  }

  #open(request: ScanRequest, generation: number): void {
    this.#close(request.id);
    const output = this.#output(request.id, generation);
    try {
      const scan = new Scan(this.#filtersOf(request), { timeZone: request.timeZone });
      const batches = new BatchMaker(request.id, generation, scan);
      const { input, cursor } = request;
      if (input.kind === 'stream') {
        const stream = new Stream(input, cursor, scan, batches, output);
        this.#sources.set(request.id, { generation, stream, tail: null, close: () => stream.close() });
      } else {
        const format = input.format === 'cri' ? new CriLines(cursor) : null;
        const tail = new Tail(input.path, cursor, scan, batches, output, nowMs, format);
        this.#sources.set(request.id, { generation, stream: null, tail, close: () => tail.close() });
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

  async #write({ id, generation, bytes }: Extract<Command, { type: 'write' }>): Promise<void> {
    const source = this.#sources.get(id);
    if (source?.generation === generation && bytes === null) source.tail?.end();
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
    const full = (): boolean => this.#underWay >= mostUnacknowledged;
    return {
      get full() {
        return full();
      },
      room: () => new Promise((resolve) => this.#waiting.push(resolve)),
      post: (batch) => this.#post(batch),
      state: (state: SourceState, detail: string) =>
        this.#report({ type: 'state', id, generation, state, detail }),
    };
  }

  #post(batch: MatchBatch): void {
    this.#underWay++;
    const report: Report = { type: 'batch', batch };
    this.#port.postMessage(report, [batch.columns.buffer as ArrayBuffer]);
  }

  /** All of them: one that was closed meanwhile would waste the turn of another. */
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
