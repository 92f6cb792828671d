import { setTimeout } from 'node:timers/promises';
import type { JailConfiguration, SyslogListener } from '../config/schema.ts';
import { overlaps, parseRange } from '../core/address.ts';
import { messageOf } from '../core/errors.ts';
import { aborted } from './aborted.ts';
import type { OpenSource, SourceHost, SourceKind } from './source.ts';
import { type Reception, receive } from './syslog-listener.ts';
import { SyslogQueue } from './syslog-queue.ts';

/** Before a listener that could not be opened is tried again, in ms. */
const retryMs = 5_000;
/** How often what was counted is told, in ms. */
const tellMs = 1_000;

/** How long what was received may take to be judged when nothing more is received, in ms. */
const lastWordsMs = 1_000;

/** A range with fewer bits names more than any network of one owner. */
const narrowest = 7;

export interface SyslogOptions {
  readonly listen: readonly SyslogListener[];
  /** Addresses and ranges whose messages are taken. */
  readonly from: readonly string[];
}

/** Messages that are sent to this daemon by the syslog protocol (RFC 5424, RFC 3164). */
export function syslogSource({ listen, from }: SyslogOptions): SourceKind {
  const admitted = from.flatMap((range) => parseRange(range) ?? []);
  const admits = (address: string): boolean => {
    const sender = parseRange(address.replace(/%.*$/, ''));
    return sender !== null && admitted.some((range) => overlaps(range, sender));
  };
  return {
    name: 'syslog',
    async follow(jails, host, signal) {
      const feeds = new Feeds(host);
      await feeds.replace(jails.now);
      const queue = new SyslogQueue((records) => feeds.write(records));
      const listeners = listen.map((listener) => new Listener(listener, queue, host, admits));
      const anybody = admitted.some(({ bits }) => bits < narrowest);
      host.report(
        'syslog',
        'reading',
        anybody ? 'syslog-from names most of the world: whoever sends messages can have anybody banned' : '',
      );
      const listening = listeners.map((listener) => listener.run(signal));
      while (!signal.aborted) {
        await aborted(AbortSignal.any([signal, jails.changed]));
        if (!signal.aborted) await feeds.replace(jails.now);
      }
      await Promise.all(listening);
      await feeds.close();
    },
  };
}

/** The sources that messages are handed to: one for all jails that ask for the same messages. */
class Feeds {
  readonly #host: SourceHost;
  #feeds: readonly Feed[] = [];
  /** What is under way: messages go to the sources of before or to those of after. */
  #turn: Promise<void> = Promise.resolve();

  constructor(host: SourceHost) {
    this.#host = host;
  }

  /** Each is handed bytes of its own, since they are transferred. */
  write(records: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const copies = this.#feeds.map((_, index) => (index === 0 ? records : Buffer.from(records)));
      await Promise.all(this.#feeds.map((feed, index) => feed.write(copies[index] ?? records)));
    });
  }

  /** What was handed over cannot be read again, so that it is judged first. */
  replace(jails: readonly JailConfiguration[]): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(this.#feeds.map((feed) => feed.end()));
      this.#feeds = feedsOf(jails, this.#host);
    });
  }

  /** What was handed over is judged, if that does not take long. */
  async close(): Promise<void> {
    const ended = this.#inTurn(async () => {
      await Promise.all(this.#feeds.map((feed) => feed.end()));
    });
    await Promise.race([ended, setTimeout(lastWordsMs, undefined, { ref: false })]);
    for (const feed of this.#feeds) feed.close();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function feedsOf(jails: readonly JailConfiguration[], host: SourceHost): Feed[] {
  const bySelect = new Map<string, JailConfiguration[]>();
  for (const jail of jails) {
    if (jail.syslog.length === 0) continue;
    const key = jail.syslog.join(',');
    bySelect.set(key, [...(bySelect.get(key) ?? []), jail]);
  }
  return [...bySelect].map(([key, wanting]) => new Feed(key, wanting, host));
}

/** The messages that some jails ask for, as one source. */
class Feed {
  readonly #open: () => OpenSource;
  #source: OpenSource;

  constructor(key: string, jails: readonly JailConfiguration[], host: SourceHost) {
    const select = jails[0]?.syslog ?? [];
    this.#open = () =>
      host.open({ id: `syslog:${key}`, input: { kind: 'stream', framing: 'syslog', select }, jails });
    this.#source = this.#open();
  }

  async write(records: Uint8Array): Promise<void> {
    // The scanner's thread died: what was on its way is lost.
    if (this.#source.lost.aborted) this.#source = this.#open();
    await this.#source.write(records);
  }

  /** Resolves when what was handed over is judged, or never will be. */
  async end(): Promise<void> {
    await this.#source.end('it is opened anew');
    this.close();
  }

  close(): void {
    this.#source.close();
  }
}

/** One listener, kept open; tells what it refuses and loses. */
class Listener {
  readonly #listener: SyslogListener;
  readonly #host: SourceHost;
  readonly #id: string;
  readonly #reception: Reception;
  #refused = 0;
  #lastRefused = '';
  #dropped = 0;
  /** Of those, how many the metrics were told. */
  #told = 0;
  #closed = 0;
  #lastClosed = '';

  constructor(
    listener: SyslogListener,
    queue: SyslogQueue,
    host: SourceHost,
    admits: (address: string) => boolean,
  ) {
    this.#listener = listener;
    this.#host = host;
    this.#id = `syslog-listen:${listener.text}`;
    this.#reception = {
      queue,
      admits,
      now: () => host.now(),
      refused: (address) => {
        this.#refused++;
        this.#lastRefused = address;
      },
      dropped: () => {
        this.#dropped++;
      },
      closed: (reason) => {
        this.#closed++;
        this.#lastClosed = reason;
      },
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const telling = new AbortController();
      const listening = (): void => void this.#tell(AbortSignal.any([signal, telling.signal]));
      try {
        await receive(this.#listener, this.#reception, listening, signal);
      } catch (error) {
        this.#host.report(this.#id, 'failed', `${this.#listener.text}: ${messageOf(error)}`);
      }
      telling.abort();
      await setTimeout(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.#host.forget(this.#id);
  }

  async #tell(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#host.report(this.#id, 'reading', this.#detail());
      if (this.#dropped > this.#told) this.#host.dropped(this.#id, this.#dropped - this.#told);
      this.#told = this.#dropped;
      await setTimeout(tellMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #detail(): string {
    const counts = [
      [
        this.#refused,
        'messages or connections refused',
        `of ${this.#lastRefused}, which syslog-from does not name`,
      ],
      [this.#dropped, 'messages dropped', 'since they came faster than they can be judged'],
      [this.#closed, 'connections closed', this.#lastClosed],
    ] as const;
    const told = counts.flatMap(([count, what, last]) =>
      count === 0 ? [] : [`${what}: ${count} (${last})`],
    );
    return told.length === 0 ? 'listening' : told.join('; ');
  }
}
