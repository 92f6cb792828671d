import type { NoticeKind } from '../config/notify-options.ts';
import { printable } from '../core/printable.ts';
import type { Clock } from '../core/types.ts';
import { backOff } from './back-off.ts';
import { type Channel, DeliveryFailure, explained } from './channel.ts';
import { type Choice, chooses, choosesJail } from './choose.ts';
import { Complaints } from './complaints.ts';
import type { KeptQueue } from './kept-queue.ts';
import { type Message, messageOf, testMessage } from './message.ts';
import type { Notice } from './notice.ts';
import type { BanEvent, Notifier, Report } from './notifier.ts';
import { Repeats } from './repeats.ts';
import { withinLimit } from './time-limit.ts';

/** What comes within this time (ms) of the first is one message. */
const collectMs = 1_000;
/** How long one message may take, in ms: less than the client of the control socket waits. */
const usualLimitMs = 20_000;
/** How long a stop waits for what is being sent, and for what could be sent still, in ms. */
const usualPatienceMs = 4_000;
/** Characters of a line of a log. */
const longestLine = 500;
/** A message that was refused so often in a row is dropped: it would keep those behind it waiting for ever. */
const mostRefusals = 3;

export interface DispatchOptions extends Choice {
  /** The notifier's name. */
  readonly name: string;
  /** Of its channel, such as `mail`. */
  readonly type: string;
  /** This machine's name. */
  readonly host: string;
  readonly channel: Channel;
  readonly queue: KeptQueue;
  /** How far messages lie apart at least, in seconds: what comes meanwhile is one message. */
  readonly group: number;
  /** For so long (seconds) the same is not told again. */
  readonly dedupe: number;
  /** Lines of logs that a ban is told with. */
  readonly lines: number;
  readonly clock: Clock;
  readonly report: Report;
  readonly limitMs?: number;
  readonly patienceMs?: number;
  readonly random?: () => number;
}

export interface DispatchStatus {
  readonly name: string;
  readonly type: string;
  /** Notices in the queue. */
  readonly waiting: number;
  /** Messages that were taken, attempts that failed and notices that were dropped, since the start. */
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  /** Why the last attempt failed; null where it did not. */
  readonly problem: string | null;
}

/** What became of one message. */
export interface Delivery {
  readonly delivered: boolean;
  /** What the other side said, or why it was not reached. */
  readonly detail: string;
}

/**
 * One notifier: what is chosen and not said already waits in its queue, and is sent as one message once a second is over,
 * then at most once in the time of `group`. What cannot be sent is tried again, later each time, together with what has
 * come meanwhile. Everything returns at once.
 */
export class Dispatch implements Notifier {
  #options: DispatchOptions;
  readonly #repeats: Repeats;
  readonly #complaints: Complaints;
  /** Runs until the next message may be sent. */
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;
  readonly #giveUp = new AbortController();
  /** Failures, and refusals among them, since something was sent last. */
  #failures = 0;
  #refusals = 0;
  #sent = 0;
  #failed = 0;
  #dropped = 0;
  #problem: string | null = null;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#repeats = new Repeats(options.dedupe, options.clock);
    this.#complaints = new Complaints('', options.name, options.report);
  }

  get name(): string {
    return this.#options.name;
  }

  /** From now on it tells of other things, or another way; what waits goes that way too, and is tried at once. */
  become(options: Omit<DispatchOptions, 'queue'>): void {
    this.#options = { ...options, queue: this.#options.queue };
    this.#repeats.within = options.dedupe;
    this.#failures = 0;
    this.#refusals = 0;
    this.#problem = null;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#arm(collectMs);
  }

  tells(kind: NoticeKind): boolean {
    return this.#options.kinds.includes(kind);
  }

  /** Lines of logs that it tells bans of this jail with. */
  linesOf(jail: string): number {
    return this.tells('ban') && choosesJail(this.#options, jail) ? this.#options.lines : 0;
  }

  start(): void {
    this.#options.queue.restore();
    if (this.#options.queue.waiting.length > 0) this.#arm(collectMs);
  }

  banned(event: BanEvent): void {
    // It was told of when it was made.
    if (!event.restored) this.tell(this.#noticeOf('ban', event));
  }

  prolonged(): void {}

  unbanned(event: BanEvent): void {
    this.tell(this.#noticeOf('unban', event));
  }

  seenAgain(): void {}

  tell(notice: Notice): void {
    if (this.#stopped !== null || !chooses(this.#options, notice)) return;
    if (this.#repeats.isRepeated(notice)) return;
    if (!this.#options.queue.add(notice)) {
      this.#dropped += 1;
      this.#complaints.tell('queue', 'too much waits already, so a notice was dropped');
    }
    if (this.#sending === null) this.#arm(collectMs);
  }

  status(): DispatchStatus {
    const { name, type, queue } = this.#options;
    return {
      name,
      type,
      waiting: queue.waiting.length,
      sent: this.#sent,
      failed: this.#failed,
      dropped: this.#dropped,
      problem: this.#problem,
    };
  }

  /** Sends a message that says so, past the queue. */
  async test(): Promise<Delivery> {
    const { host, name, clock } = this.#options;
    try {
      return { delivered: true, detail: await this.#deliver(testMessage(host, name, clock.now())) };
    } catch (error) {
      return { delivered: false, detail: explained(error) };
    }
  }

  /** Sends what waits, unless that failed last; what is not sent stays in the file. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    const patience = setTimeout(() => this.#giveUp.abort(), this.#options.patienceMs ?? usualPatienceMs);
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sending;
    if (this.#failures === 0 && this.#options.queue.waiting.length > 0) await this.#sendAll();
    clearTimeout(patience);
    await this.#options.queue.flush();
    this.#complaints.end();
  }

  /** A timer that runs is left alone: it keeps the messages apart. */
  #arm(ms: number): void {
    if (this.#timer !== null || this.#stopped !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#options.queue.waiting.length > 0) this.#sending ??= this.#send();
    }, ms);
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const nextMs = await this.#sendAll();
    this.#sending = null;
    this.#arm(nextMs);
  }

  /** One message for all that waits. Returns after how many ms there may be another. */
  async #sendAll(): Promise<number> {
    const { host, queue, clock, group, random } = this.#options;
    const notices = [...queue.waiting];
    const { dropped } = queue;
    try {
      await this.#deliver(messageOf({ host, notices, dropped, now: clock.now() }));
      queue.sent(notices.length, dropped);
      this.#sent += 1;
      this.#failures = 0;
      this.#refusals = 0;
      this.#problem = null;
      return Math.max(collectMs, group * 1000);
    } catch (error) {
      const failure = error instanceof DeliveryFailure ? error : new DeliveryFailure(explained(error));
      this.#failures += 1;
      this.#noteFailure(failure, notices.length);
      return backOff(this.#failures, failure.waitMs, random);
    }
  }

  #noteFailure({ message, refused }: DeliveryFailure, count: number): void {
    this.#failed += 1;
    this.#refusals = refused ? this.#refusals + 1 : 0;
    this.#problem = message;
    this.#complaints.tell('send', message);
    if (this.#refusals < mostRefusals) return;
    this.#refusals = 0;
    this.#dropped += count;
    this.#options.queue.sent(count, 0);
    this.#complaints.tell('refused', `${count} notices were dropped: ${message}`);
  }

  #deliver(message: Message): Promise<string> {
    const { channel, limitMs = usualLimitMs } = this.#options;
    return withinLimit((signal) => channel.send(message, signal), limitMs, this.#giveUp.signal);
  }

  #noticeOf(kind: 'ban' | 'unban', event: BanEvent): Notice {
    const { jail, address, host, until, failures, counts, bancount, matches, since } = event;
    const { clock, lines, queue } = this.#options;
    const last = kind === 'ban' && lines > 0 && queue.wantsLines ? matches.slice(-lines) : [];
    // From here on nothing of a log begins a line, paints a terminal or is without an end.
    const shown = last.map((line) => printable(line.slice(0, longestLine)));
    const time = kind === 'ban' ? since : clock.now();
    const what = counts === undefined ? {} : { counts };
    return { kind, time, jail, address, host, until, failures, ...what, bancount, lines: shown };
  }
}
