import type { Server } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../config/schema.ts';
import { closeNow } from '../control/http.ts';
import { serveListener } from '../control/listener.ts';
import type { Control, Status } from '../control/protocol.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';
import { expose } from '../metrics/exposition.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { serveApi } from './api-listener.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';

/** How long a listener that is closed for another lets what was asked be answered, in ms: the reload itself, too. */
const lastAnswersMs = 2_000;

export interface ListenersParts {
  readonly live: Live<Configuration>;
  readonly desk: Control;
  /** What is wrong with them is among these. */
  readonly problems: Set<string>;
  readonly status: () => Status;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** One listener: what it was opened for last, and what came of that. */
interface Door {
  readonly wanted: unknown;
  readonly server: Server | null;
  readonly problem: string | null;
}

const shut: Door = { wanted: null, server: null, problem: null };

/** Where others than the commands of this machine ask: metrics and health, and the API over TCP. */
export class Listeners {
  readonly #parts: ListenersParts;
  #metrics: Door = shut;
  #api: Door = shut;

  constructor(parts: ListenersParts) {
    this.#parts = parts;
  }

  /** From now on they are as the configuration says; one that is so already is left alone. Never rejects. One call at a time. */
  async open(): Promise<void> {
    const { live, desk: control, status, metrics, clock, log } = this.#parts;
    const { listen, api } = live.now;
    const text = (accept?: string) => expose(metrics.series, accept);
    // Both first: one may take the port of the other.
    const doors = { metrics: this.#kept(this.#metrics, listen), api: this.#kept(this.#api, api) };
    this.#metrics =
      doors.metrics ??
      (await this.#opened(listen, 'the listener for metrics is not open', (wanted) =>
        serveListener(wanted, { status, metrics: text }),
      ));
    this.#api =
      doors.api ??
      (await this.#opened(api, 'the API is not open over TCP', (wanted) =>
        serveApi(wanted, { control, clock, log }),
      ));
  }

  close(): void {
    for (const { server } of [this.#metrics, this.#api]) if (server !== null) closeNow(server);
  }

  /** The door as it is, where that is wanted; else it is shut, and null. */
  #kept(door: Door, wanted: unknown): Door | null {
    if (door.problem === null && isDeepStrictEqual(door.wanted, wanted)) return door;
    if (door.server !== null) leave(door.server);
    if (door.problem !== null) this.#parts.problems.delete(door.problem);
    return null;
  }

  /** A port that is taken does not stop the protection: it shows in status and log, and the next reload tries again. */
  async #opened<Wanted>(
    wanted: Wanted | null,
    failure: string,
    serve: (wanted: Wanted) => Promise<Server>,
  ): Promise<Door> {
    if (wanted === null) return shut;
    try {
      return { wanted, server: await serve(wanted), problem: null };
    } catch (error) {
      const problem = `${failure}: ${messageOf(error)}`;
      this.#parts.problems.add(problem);
      this.#parts.log.error({ error: problem }, 'listener failed');
      return { wanted, server: null, problem };
    }
  }
}

/** Its port is free at once. Who follows events by a token that holds no more is cut off soon after. */
function leave(server: Server): void {
  server.close();
  setTimeout(() => server.closeAllConnections(), lastAnswersMs).unref();
}
