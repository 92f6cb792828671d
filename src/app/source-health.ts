import { formatDuration } from '../core/duration.ts';
import type { Clock } from '../core/types.ts';
import { LineAge } from './line-age.ts';

const mebibyte = 1024 * 1024;
/** So much that is not judged yet, for so long (seconds), is more than a moment's flood. */
const muchLag = 64 * mebibyte;
const lagPatience = 30;
/** The rate of judging is taken over this time, in seconds. */
const rateSpan = 10;

/** Silence is unusual from so many times the usual longest pause on, and never before ten minutes, in seconds. */
const pauses = 3;
const shortestSilence = 600;
/** Pauses are known after so many seconds and so many chunks of lines; each day has a longest one, of so many days. */
const learnedAfter = 3_600;
const learnedChunks = 20;
const day = 86_400;
const mostDays = 7;

/** For so long (seconds) it is told that lines were too long to be judged whole, or came on another stream. */
const told = 86_400;

/** Characters of an error's text that are kept. */
const longestError = 300;

export interface SourceError {
  readonly time: number;
  readonly message: string;
}

export interface JudgedChunk {
  readonly lines: number;
  readonly bytes: number;
  /** Bytes behind it that are not judged yet, beside those that were handed over. */
  readonly lag: number;
  /** How old its last line was (seconds); absent: nothing tells. */
  readonly age?: number | undefined;
  /** Lines of which only the beginning was judged. */
  readonly oversize: number;
  /** A filter that does not judge the stream on which came what it would have counted. */
  readonly unheard?: string | null;
}

/** A time on two clocks: of the wall, and one that no step touches. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** What is known of how well a source is read, over its restarts. All times in seconds. */
export class SourceHealth {
  readonly #clock: Clock;
  readonly #monotonic: Clock;
  readonly since: number;
  lines = 0;
  #lag = 0;
  /** Bytes of a stream that were handed over and are not judged yet. */
  #handedOver = 0;
  readonly #age = new LineAge();
  errors = 0;
  #openings = 0;
  lastError: SourceError | null = null;
  #lastLine: Moment | null = null;
  /** Since when much waits to be judged. */
  #behindSince: number | null = null;
  #lastChunk = 0;
  #rate = 0;
  #rated = { since: 0, bytes: 0 };
  readonly #began: number;
  #chunks = 0;
  /** Lines of which only the beginning was judged, and when the last of them was read. */
  #cut = { lines: 0, last: 0 };
  #unheard = { filter: '', last: 0 };
  /** The longest pause of each day, the newest last. */
  #longestPauses: number[] = [0];
  #dayBegan: number;

  /** `monotonic`: a clock that is never set, and may stand still while the machine is suspended. */
  constructor(clock: Clock, monotonic: Clock) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.since = clock.now();
    this.#began = monotonic.now();
    this.#dayBegan = this.#began;
    this.#rated.since = this.#began;
  }

  get restarts(): number {
    return Math.max(0, this.#openings - 1);
  }

  /** When the last line was read, or null. */
  get lastLine(): number | null {
    return this.#lastLine?.wall ?? null;
  }

  /** Bytes that are known to be there and are not judged yet. */
  get lag(): number {
    return this.#lag + this.#handedOver;
  }

  /** By how many seconds it is behind; null: nothing tells. */
  get lagSeconds(): number | null {
    return this.#age.behind(this.#monotonic.now(), this.#handedOver > 0);
  }

  /** Its reading begins, or begins again. */
  opened(): void {
    this.#openings++;
    this.#handedOver = 0;
  }

  /** Bytes of a stream came, and are to be judged. */
  handedOver(bytes: number): void {
    this.#handedOver += bytes;
  }

  failed(message: string): void {
    this.errors++;
    this.lastError = { time: this.#clock.now(), message: message.slice(0, longestError) };
  }

  /** A chunk was judged. */
  judged(chunk: JudgedChunk): void {
    const now = this.#monotonic.now();
    this.#lastChunk = now;
    this.lines += chunk.lines;
    this.#lag = chunk.lag;
    this.#handedOver = Math.max(0, this.#handedOver - chunk.bytes);
    if (chunk.age !== undefined) this.#age.note(chunk.age, now);
    if (chunk.lag < muchLag) this.#behindSince = null;
    else this.#behindSince ??= now;
    this.#measure(chunk.bytes, now);
    if (chunk.oversize > 0) this.#cut = { lines: this.#cut.lines + chunk.oversize, last: now };
    if (chunk.unheard) this.#unheard = { filter: chunk.unheard, last: now };
    if (chunk.lines === 0) return;
    if (this.#lastLine !== null) this.#learn(now - this.#lastLine.steady, now);
    this.#lastLine = { wall: this.#clock.now(), steady: now };
  }

  /** That it is far behind, in words, or null. `findtime`: what is older (seconds) counts for none of its jails. */
  behind(findtime = Number.POSITIVE_INFINITY): string | null {
    const now = this.#monotonic.now();
    if (this.#behindSince !== null && now - this.#behindSince >= lagPatience)
      return `${megabytes(this.lag)} MiB behind for ${formatDuration(now - this.#behindSince)}: ${this.#pace(now)}`;
    const since = this.#age.oldSince(now, this.#handedOver > 0);
    if (since === null) return null;
    const age = this.lagSeconds ?? 0;
    const vain = age > findtime ? ', and what is older than findtime bans nobody' : '';
    const lasting = formatDuration(now - since);
    return `its lines are ${formatDuration(Math.round(age))} old when they are read, for ${lasting}: ${this.#pace(now)}${vain}`;
  }

  #pace(now: number): string {
    const idle = now - this.#lastChunk;
    return idle > rateSpan
      ? `nothing has been judged for ${formatDuration(idle)}`
      : `it judges ${megabytes(this.#rate)} MiB/s`;
  }

  /** That clients, or others, made lines so long that they are not judged whole, in words, or null. */
  cut(): string | null {
    const { lines, last } = this.#cut;
    if (lines === 0 || this.#monotonic.now() - last > told) return null;
    return (
      `${lines} ${lines === 1 ? 'line was' : 'lines were'} longer than is judged (64 KiB, or what the filter says), and what stands behind was not ` +
      'seen: a client may hide there; docs/sources.md says how to have the service take shorter requests'
    );
  }

  /** That the service does not log where its filter looks, in words, or null. */
  unheard(): string | null {
    const { filter, last } = this.#unheard;
    if (filter === '' || this.#monotonic.now() - last > told) return null;
    return (
      `what ${filter} looks for came on a stream of the container that it does not judge, and counts for nothing: if it is the ` +
      "service's own, docs/sources.md (streams of a container) says what to do"
    );
  }

  /** That it has been silent for unusually long, in words, or null. */
  silent(): string | null {
    const now = this.#monotonic.now();
    if (this.#lastLine === null || this.#chunks < learnedChunks) return null;
    if (this.#lastLine.steady - this.#began < learnedAfter) return null;
    const usual = this.#usualPause();
    const silence = now - this.#lastLine.steady;
    if (silence < Math.max(shortestSilence, pauses * usual)) return null;
    return `silent for ${formatDuration(silence)}, and usually for no longer than ${formatDuration(Math.max(1, usual))}`;
  }

  #measure(bytes: number, now: number): void {
    this.#rated.bytes += bytes;
    const span = now - this.#rated.since;
    if (span < rateSpan) return;
    this.#rate = this.#rated.bytes / span;
    this.#rated = { since: now, bytes: 0 };
  }

  #learn(pause: number, now: number): void {
    this.#chunks++;
    if (now - this.#dayBegan >= day) {
      this.#longestPauses = [...this.#longestPauses, 0].slice(-mostDays);
      this.#dayBegan = now;
    }
    const last = this.#longestPauses.length - 1;
    this.#longestPauses[last] = Math.max(this.#longestPauses[last] ?? 0, pause);
  }

  /** The longest pause of a middling day: one night of trouble does not make the next one usual. */
  #usualPause(): number {
    const known = this.#longestPauses.length > 1 ? this.#longestPauses.slice(0, -1) : this.#longestPauses;
    const sorted = [...known].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}

function megabytes(bytes: number): string {
  const amount = bytes / mebibyte;
  return amount < 10 ? amount.toFixed(1) : amount.toFixed(0);
}
