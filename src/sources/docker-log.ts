import { setTimeout as pause } from 'node:timers/promises';
import type { JailConfiguration } from '../config/schema.ts';
import { nanosecondsOf, parseDockerCursor, sinceOf } from '../core/docker-cursor.ts';
import { messageLine, messageOf } from '../core/errors.ts';
import type { Container, ContainerDetails, DockerClient } from '../docker/client.ts';
import { aborted } from './aborted.ts';
import { oldestOf } from './oldest.ts';
import type { Reach } from './reach.ts';
import type { OpenSource, SourceHost } from './source.ts';
import type { Turns } from './turns.ts';

/** Pauses in ms. Tests shorten them. */
export interface LogPauses {
  /** Before a log that ended is asked for again; doubled after each failure. */
  readonly retry: number;
  /** How long a log from which nothing has to come is waited for before the next one has its turn. */
  readonly quiet: number;
  /** The same where something has to come: the message of the cursor. */
  readonly patient: number;
}

export const usualPauses: LogPauses = { retry: 1_000, quiet: 100, patient: 30_000 };
const longestRetryMs = 30_000;

/** What the logs of one engine share. */
export interface LogParts {
  readonly client: DockerClient;
  readonly host: SourceHost;
  readonly reach: Reach;
  /** Of taking up a log: the engine reads it from its beginning each time. */
  readonly turns: Turns;
  readonly pauses: LogPauses;
}

/** What is to be done after a log was read. */
type Next = 'over' | 'at once' | 'later';

/** The log of one container, read under one name. */
export class ContainerLog {
  readonly containerId: string;
  /** As in `status`. */
  readonly id: string;
  /** Chunks that came so far. */
  received = 0;
  readonly #jails: readonly JailConfiguration[];
  readonly #jailsOfContainer: readonly string[];
  readonly #parts: LogParts;
  readonly #stop = new AbortController();
  #source: OpenSource | null = null;
  /** Since when what comes was asked for. */
  #since = '0';
  #following = false;
  /** Ends the stream, so that the log is taken up again at the cursor. */
  #anew = new AbortController();
  #remark = '';
  #startedAgain = false;
  /** Whether the last reading was broken off before the log ended. */
  #interrupted = false;
  #over = false;

  /** `jailsOfContainer`: the names of all, also of those that read something else of it. */
  constructor(
    container: Container,
    jails: readonly JailConfiguration[],
    jailsOfContainer: readonly string[],
    parts: LogParts,
  ) {
    this.containerId = container.id;
    this.id = `docker:${container.name}`;
    this.#jails = jails;
    this.#jailsOfContainer = jailsOfContainer;
    this.#parts = parts;
  }

  /** Whether nothing more is read. */
  get over(): boolean {
    return this.#over;
  }

  /** The container was started while its log was still being read. */
  startedAgain(): void {
    this.#startedAgain = true;
  }

  stop(): void {
    this.#stop.abort();
  }

  close(): void {
    this.#source?.close();
    this.#parts.host.forget(this.id);
  }

  /** Reads until the container has stopped and its log was read to the end. Never rejects. */
  async read(signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.#stop.signal]);
    let { retry } = this.#parts.pauses;
    while (!ending.aborted) {
      const received = this.received;
      const next = await this.#attempt(ending);
      if (next === 'over' && !this.#startedAgain) break;
      this.#startedAgain = false;
      if (next === 'at once') continue;
      if (this.received > received) retry = this.#parts.pauses.retry;
      await pause(retry, undefined, { signal: ending, ref: false }).catch(() => undefined);
      retry = Math.min(retry * 2, longestRetryMs);
    }
    this.#over = true;
  }

  async #attempt(signal: AbortSignal): Promise<Next> {
    try {
      return await this.#readOnce(signal);
    } catch (error) {
      if (signal.aborted) return 'over';
      this.#parts.host.report(this.id, 'failed', unreadable(error));
      return isUnreadable(error) ? 'over' : 'later';
    }
  }

  /** Whether it waits for messages, and the engine holds one (by its timestamp) that is later than all that came. */
  lacks(timestamp: string): boolean {
    const newest = nanosecondsOf(timestamp);
    if (!this.#following || newest === null) return false;
    const reached = nanosecondsOf(parseDockerCursor(this.#source?.cursor ?? null)?.timestamp ?? '');
    if (reached !== null) return newest > reached;
    const [seconds = '0', fraction = ''] = this.#since.split('.');
    return newest >= BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }

  /** Takes the log up again at the cursor. */
  readAnew(remark: string): void {
    this.#remark = `; ${remark}`;
    this.#anew.abort();
  }

  /** From the cursor until the log ends, the signal aborts or the scanner loses the stream. */
  async #readOnce(signal: AbortSignal): Promise<Next> {
    const { client, reach, turns, host } = this.#parts;
    const container = await client.inspect(this.containerId);
    if (container === null) return this.#end('the container was removed', signal);
    await reach.describe(container, this.#jailsOfContainer);
    if (turns.isFull) host.report(this.id, 'waiting', 'its turn to be read on');
    const release = await turns.take(signal);
    try {
      await this.#follow(this.#open(container), signal, release);
    } finally {
      release();
    }
    const after = signal.aborted ? null : await client.inspect(this.containerId);
    if (signal.aborted) return 'over';
    if (after === null) return this.#end('the container was removed', signal);
    // Docker's own rotation, a proxy, a lost scanner.
    if (after.running || this.#interrupted) return 'later';
    // A log that is followed ends with its container, and what was written last may be left out (20.10).
    if (container.running) return 'at once';
    return this.#end('the container stopped', signal);
  }

  #open(container: ContainerDetails): OpenSource {
    this.#source = this.#parts.host.open({
      id: this.id,
      cursorKey: `docker:${this.containerId}`,
      input: { kind: 'stream', framing: container.tty ? 'docker-raw' : 'docker-multiplexed' },
      jails: this.#jails,
    });
    return this.#source;
  }

  async #follow(source: OpenSource, signal: AbortSignal, release: () => void): Promise<void> {
    const { client, host, pauses } = this.#parts;
    this.#anew = new AbortController();
    const reading = AbortSignal.any([signal, source.lost, this.#anew.signal]);
    const resumed = sinceOf(source.cursor);
    this.#since = resumed ?? oldestOf(this.#jails, host.now()).toFixed(9);
    let impatient: NodeJS.Timeout | undefined;
    try {
      const stream = await client.logs(this.containerId, this.#since, reading);
      source.report('reading', `container ${this.containerId.slice(0, 12)}${this.#remark}`);
      // What comes first was behind all that the engine had to read again.
      impatient = setTimeout(release, resumed === null ? pauses.quiet : pauses.patient).unref();
      this.#following = true;
      for await (const chunk of stream) {
        release();
        this.received++;
        this.#following = false;
        await source.write(chunk as Uint8Array);
        this.#following = true;
      }
    } catch (error) {
      if (!reading.aborted) throw error;
    } finally {
      this.#interrupted = reading.aborted;
      this.#following = false;
      clearTimeout(impatient);
    }
  }

  /** A line that is not finished is judged as it is. One of a running container goes on when its log is read on. */
  async #end(why: string, signal: AbortSignal): Promise<Next> {
    const ended = this.#source?.end(why);
    await Promise.race([ended, aborted(signal)]);
    return 'over';
  }
}

const isUnreadable = (error: unknown): boolean => messageOf(error).includes('does not support reading');

function unreadable(error: unknown): string {
  if (!isUnreadable(error)) return messageLine(error);
  return 'its logging driver cannot be read; use json-file, local or journald, or let Docker keep a local cache (dual logging, Docker 20.10)';
}
