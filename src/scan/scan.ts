import { isAscii } from 'node:buffer';
import type { ContainerStream } from '../core/filter.ts';
import { Skew } from '../core/skew.ts';
import type { Encoding } from '../core/types.ts';
import { lineDecoder } from './encoding.ts';
import { type DateFinder, DateReader, type LineDate } from './filters/dates.ts';
import type { Filter, Judgement } from './filters/filter.ts';
import { formatLearned, type Learned, parseLearned } from './learned.ts';
import { lineCap } from './line-length.ts';
import { EveryLine, type Search, searchFor } from './search.ts';

/**
 * Bytes that are searched, made text and judged together. What they take stays in the processor's cache, and their text is
 * a small object to V8: a fifth faster than a chunk at a time.
 */
const pieceSize = 64 * 1_024;

/** A line that is read as it was written takes the last date while that is not older than this, in seconds. */
const freshSeconds = 60;

/**
 * What is told of a judged line. `line` may be a slice of the chunk: copy what outlives the call. `evidence`: whether the
 * line and all of its fields are wanted.
 */
export type Found = (
  filter: number,
  judgement: Judgement,
  time: number,
  line: string,
  evidence: boolean,
) => void;

export interface ScanOptions {
  /** Zone of dates that name none; the machine's own by default. @see DateReader */
  readonly timeZone?: string | undefined;
  /** Of the blocks; UTF-16 must be made UTF-8 before. UTF-8 by default. */
  readonly encoding?: Encoding | undefined;
  /**
   * Of how many matches, until the counts are taken, the lines and all of their fields are wanted, which take as much as
   * all the rest. All by default.
   */
  readonly evidence?: number | undefined;
  /** False: judges every line, for comparison. */
  readonly prefilter?: boolean;
  /** Told of each block, before and after. */
  readonly watched?: { begin(): void; end(): void } | undefined;
  /** What an earlier scan of this log had learned (`Scan.learned`). */
  readonly learned?: string | null | undefined;
}

/**
 * When a block of lines was read, all in seconds. A line's time is the transport's, else its own date,
 * else the last date before it, else `undated`. The last date holds for a backlog however old it is: it
 * may be far from the truth, but the present would be further. It does not hold for lines that are
 * read as they are written, unless it is fresh.
 */
export interface Reading {
  readonly now: number;
  /** The transport's own time of these lines, which is better than any date in them; or null. */
  readonly transport: number | null;
  /** The time of a line that has no date and follows none. */
  readonly undated: number;
  /** Whether that is by the clock of whoever sent them, which may be wrong. */
  readonly claimed?: boolean;
  /** Whether the transport gives the time in place of a date in the line, as the journal does; containers' lines may have one beside it. */
  readonly dateless?: boolean;
  /** What a container wrote them to; absent: no container did, or it has one stream for all. */
  readonly stream?: ContainerStream;
  /** Whether the lines had been there for an unknown time when they were read. */
  readonly backlog?: boolean;
}

/**
 * Judges blocks of whole lines. One search over the bytes finds the lines that any filter could
 * match; only these are decoded. The state between blocks is the source's last date, and its skew.
 */
export class Scan {
  readonly #filters: readonly Filter[];
  readonly #search: Search;
  readonly #dates: DateFinder;
  /** Whether that is the only filter's own. */
  readonly #isOwn: boolean;
  /** By filter: what finds the dates of its lines, where that is not what finds the others'. */
  readonly #own: readonly (DateFinder | null)[];
  /** By filter: what finds its dates, whoever else's it finds. */
  readonly #learning: readonly (DateFinder | null)[];
  readonly #fields: DateReader;
  readonly #decode: ReturnType<typeof lineDecoder>;
  readonly #watched: ScanOptions['watched'];
  readonly #evidence: number;
  /** How many bytes of a line are wanted: whoever cuts lines must not keep fewer. */
  readonly keeps: number;
  /** Bytes of a line that all filters judge. */
  readonly #cap: number;
  #evidenceLeft: number;
  /** All that is wanted of the line that is being judged, where that is more than the cap; null: it is not. */
  #whole: string | null = null;
  readonly #zone: string;
  readonly #skew: Skew;
  /**
   * The last date of the lines judged so far, in seconds, as it was written (without the skew); null: none had one.
   * Whoever goes on behind lines that another scan has judged sets it.
   */
  lastDate: number | null = null;
  /** Up to here in the piece that is being judged all lines were looked at for it. */
  #datedTo = 0;
  /** Whether a line of the block that is being judged had a date. */
  #dated = false;
  /** Whether places in the piece's text are places in its lines. */
  #ascii = false;
  #lines = 0;
  #oversize = 0;
  /** The filter that would have counted a line, had it come on a stream of its service; null: there was none. */
  #unheard: number | null = null;
  /** Of the last line since the counts were taken; null: the transport does not tell. */
  #age: number | null = null;

  constructor(filters: readonly Filter[], options: ScanOptions = {}) {
    this.#filters = filters.map((filter) => filter.ofLog?.() ?? filter);
    const encoding = options.encoding ?? 'utf-8';
    this.#search =
      options.prefilter === false || !isFindable(filters, encoding) ? new EveryLine() : searchFor(filters);
    this.#decode = lineDecoder(encoding);
    this.#fields = new DateReader(options.timeZone);
    const own = this.#filters.map((filter) => filter.dates?.(options.timeZone) ?? null);
    this.#learning = own;
    const learned = parseLearned(options.learned);
    this.#recall(learned);
    this.#zone = options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    // Found with another zone, it says nothing of this one.
    this.#skew = new Skew(learned.zone === this.#zone ? learned.skew : 0);
    const [first] = own;
    const alone = own.length === 1 && first != null;
    this.#dates = alone ? first : this.#fields;
    this.#own = alone ? [null] : own;
    this.#isOwn = alone;
    const lengths = this.#filters.map(({ longestLine = lineCap }) => longestLine);
    this.keeps = Math.max(lineCap, ...lengths);
    this.#cap = lengths.length === 0 ? lineCap : Math.min(...lengths);
    this.#watched = options.watched;
    this.#evidence = options.evidence ?? Number.POSITIVE_INFINITY;
    this.#evidenceLeft = this.#evidence;
  }

  /** By how many seconds the times of lines that are read as they are written constantly are behind the clock. */
  get skew(): number {
    return this.#skew.seconds;
  }

  /** What it has learned of the log up to the last line judged, for a later scan of the same log; '': nothing. */
  get learned(): string {
    const filters: Record<string, Learned['filters'][string]> = {};
    for (const [index, filter] of this.#filters.entries()) {
      const dates = this.#learning[index]?.learned?.() ?? null;
      const lines = filter.kept?.() ?? [];
      if (dates === null && lines.length === 0) continue;
      filters[filter.name] = {
        ...(dates === null ? {} : { dates }),
        ...(lines.length === 0 ? {} : { lines }),
      };
    }
    return formatLearned({ zone: this.#zone, skew: this.#skew.seconds, filters });
  }

  #recall({ filters }: Learned): void {
    for (const [index, filter] of this.#filters.entries()) {
      const { dates = null, lines = null } = filters[filter.name] ?? {};
      this.#learning[index]?.recall?.(dates);
      filter.recall?.(lines);
    }
  }

  /**
   * Since the last call: lines, lines of which not all is judged by every filter, a filter that would have counted
   * what came on a stream that it does not judge, and how old the last line was (seconds), where the transport tells.
   */
  takeCounts(): { lines: number; oversize: number; unheard?: number; age?: number } {
    const unheard = this.#unheard === null ? {} : { unheard: this.#unheard };
    const age = this.#age === null ? {} : { age: this.#age };
    const counts = { lines: this.#lines, oversize: this.#oversize, ...unheard, ...age };
    this.#age = null;
    this.#lines = 0;
    this.#oversize = 0;
    this.#unheard = null;
    this.#evidenceLeft = this.#evidence;
    return counts;
  }

  /**
   * Judges a block of whole lines; only the last one may lack its newline. A line longer than the cap is judged by
   * its first 64 KiB, but by filters that want more of it.
   */
  block(block: Buffer, reading: Reading, found: Found): void {
    this.#dated = false;
    this.#watched?.begin();
    try {
      this.#pieces(block, reading, found);
    } finally {
      this.#watched?.end();
    }
    const { now, transport } = reading;
    const time = transport ?? (this.#dated ? this.lastDate : null);
    if (time !== null && reading.backlog !== true) this.#skew.add(now, time);
    if (transport !== null) this.#age = Math.max(0, now - transport - this.#skew.seconds);
  }

  #pieces(block: Buffer, reading: Reading, found: Found): void {
    for (let start = 0; start < block.length; ) {
      const newline = start + pieceSize < block.length ? block.indexOf(0x0a, start + pieceSize) : -1;
      const end = newline < 0 ? block.length : newline + 1;
      this.#piece(block.subarray(start, end), reading, found);
      start = end;
    }
  }

  /** The scan loop. */
  #piece(piece: Buffer, reading: Reading, found: Found): void {
    // One character a byte: places in the text are places in the bytes, whatever the encoding.
    const text = piece.toString('latin1');
    const ascii = isAscii(piece);
    this.#ascii = ascii;
    const search = this.#search;
    search.begin(piece, text);
    this.#datedTo = 0;
    let start = 0;
    while (start < text.length) {
      const hit = search.next(start);
      if (hit < 0) break;
      start = this.#pass(text, start, hit);
      const newline = text.indexOf('\n', hit);
      const next = newline < 0 ? text.length : newline + 1;
      let end = newline < 0 ? text.length : newline;
      this.#count(end - start);
      search.finish(end);
      if (end > start && piece[end - 1] === 13) end--;
      // What is left of a hole in the file.
      while (start < end && piece[start] === 0) start++;
      if (end > start) {
        const whole = end;
        if (end - start > lineCap) end = start + lineCap;
        const line = ascii ? text.slice(start, end) : this.#decode(piece, start, end);
        this.#whole = whole === end ? null : this.#wanted(piece, start, whole);
        this.#line(line, text, start, reading, found);
      }
      start = next;
    }
    start = this.#pass(text, start, text.length);
    if (start < text.length) this.#count(text.length - start);
    search.end();
    this.#whole = null;
    if (reading.transport === null) this.#findLastDate(text, text.length, reading.now);
  }

  /** Of a line that is longer than the cap; null: no filter wants more. */
  #wanted(piece: Buffer, start: number, end: number): string | null {
    if (this.keeps === lineCap) return null;
    return this.#decode(piece, start, Math.min(end, start + this.keeps));
  }

  #line(line: string, text: string, start: number, reading: Reading, found: Found): void {
    const date = this.#isOwn ? ownDateOf(this.#dates, line, reading) : this.#dates.find(line, reading.now);
    const dated = date?.time ?? null;
    if (dated !== null) {
      this.#setLastDate(dated);
      this.#datedTo = start;
    }
    const keeps = this.#isOwn && this.#keeps(date, text, start, reading);
    // What most filters judge, made once for all of them.
    let usual: string | null = null;
    for (let index = 0; index < this.#filters.length; index++) {
      if (!this.#search.wants(index)) continue;
      const isHeard = reading.stream === undefined || this.#isOn(index, reading.stream);
      if (!isHeard && this.#unheard !== null) continue;
      const own = this.#own[index] ?? null;
      const its = own === null ? date : ownDateOf(own, line, reading);
      const filter = this.#filters[index];
      let judged: string;
      const longest = filter?.longestLine ?? lineCap;
      if (this.#whole !== null && longest > lineCap) judged = withoutDate(this.#whole.slice(0, longest), its);
      else if (own === null && filter?.withNewline !== true) {
        usual ??= keeps ? line : withoutDate(line, date);
        judged = usual;
      } else {
        const ended = filter?.withNewline === true ? this.#ended(line, text, start) : line;
        const isWhole = own === null ? keeps : this.#keeps(its, text, start, reading);
        judged = isWhole ? ended : withoutDate(ended, its);
      }
      const evidence = this.#evidenceLeft > 0;
      const judgement = filter?.judge(judged, evidence) ?? null;
      if (judgement === null) continue;
      if (!isHeard) {
        if (judgement.kind === 'hit') this.#unheard = index;
        continue;
      }
      if (judgement.kind !== 'ignored') this.#evidenceLeft--;
      // Looked for only where it matters: the lines between were not read.
      if (reading.transport === null) this.#findLastDate(text, start, reading.now);
      found(index, judgement, this.#timeOf(judgement, its?.time ?? null, reading), line, evidence);
    }
  }

  /** A client who can write to one stream must not speak for what logs to the other. */
  #isOn(filter: number, stream: ContainerStream): boolean {
    const streams = this.#filters[filter]?.streams ?? [];
    return streams.length === 0 || streams.includes(stream);
  }

  /** fail2ban leaves what it takes for a date, and cannot read, in the line if it has a fresh one from before. */
  #keeps(date: LineDate | null, text: string, start: number, reading: Reading): boolean {
    if (date === null || date.time !== null || date.start === date.end) return false;
    if (reading.transport !== null) return false;
    this.#findLastDate(text, start, reading.now);
    return this.lastDate !== null && reading.now - this.lastDate < freshSeconds;
  }

  /** With its newline: a part of the text where it can be, since an expression would have to copy what is joined. */
  #ended(line: string, text: string, start: number): string {
    const end = start + line.length;
    return this.#ascii && text.charCodeAt(end) === 0x0a ? text.slice(start, end + 1) : `${line}\n`;
  }

  #timeOf(judgement: Judgement, date: number | null, reading: Reading): number {
    const { transport, now, claimed } = reading;
    if (transport !== null) return claimed === true ? this.#skew.corrected(transport, now) : transport;
    const field = judgement.time === null ? null : this.#fields.readField(judgement.time, reading.now);
    const own = field ?? date;
    if (own !== null) return this.#skew.corrected(own, reading.now);
    const last = this.lastDate;
    if (last === null) return reading.undated;
    const age = reading.now - last;
    // fail2ban takes one of the future, too.
    const isFresh = age < freshSeconds && (this.#isOwn || age > -freshSeconds);
    return reading.backlog === true || isFresh ? last : reading.undated;
  }

  /** Takes the last date of the lines before `to` that were not looked at yet. */
  #findLastDate(text: string, to: number, now: number): void {
    const from = this.#datedTo;
    this.#datedTo = Math.max(from, to);
    let end = to;
    while (end > from) {
      const start = end < 2 ? 0 : text.lastIndexOf('\n', end - 2) + 1;
      const line = this.#decoded(text.slice(start, Math.min(end, start + 320)));
      const date = this.#dates.find(line, now)?.time ?? null;
      if (date !== null) {
        this.#setLastDate(date);
        return;
      }
      end = start;
    }
  }

  /** Of one character a byte: whether a date ends there may depend on what comes next. */
  #decoded(line: string): string {
    return /[\x80-\xff]/.test(line) ? this.#decode(Buffer.from(line, 'latin1'), 0, line.length) : line;
  }

  #setLastDate(date: number): void {
    this.lastDate = date;
    this.#dated = true;
  }

  /** Counts the lines that end before `to`. Returns where the next one begins. */
  #pass(text: string, from: number, to: number): number {
    let start = from;
    for (let end = text.indexOf('\n', start); end >= 0 && end < to; end = text.indexOf('\n', start)) {
      this.#count(end - start);
      start = end + 1;
    }
    return start;
  }

  #count(length: number): void {
    this.#lines++;
    if (length > this.#cap) this.#oversize++;
  }
}

/** fail2ban looks for no date where the journal gives the time: a client could have part of its text cut out. */
function ownDateOf(own: DateFinder, line: string, { now, dateless }: Reading): LineDate | null {
  return dateless === true ? null : own.find(line, now);
}

/** Nothing is joined where nothing stands before: an expression would have to copy it first. */
function withoutDate(line: string, date: LineDate | null): string {
  if (date === null) return line;
  const { start, end } = date;
  return start === 0 ? line.slice(end) : line.slice(0, start) + line.slice(end);
}

/** The search looks for literals as UTF-8. */
function isFindable(filters: readonly Filter[], encoding: Encoding): boolean {
  if (!isOneByte(encoding)) return true;
  return filters.every(({ literals }) => (literals ?? []).every((literal) => isAscii(Buffer.from(literal))));
}

function isOneByte(encoding: Encoding): boolean {
  return encoding === 'latin1' || encoding === 'windows-1252';
}
