import { isDeepStrictEqual } from 'node:util';
import type { JailConfiguration } from '../config/schema.ts';
import type { Finding, SourceStatus } from '../control/protocol.ts';
import type { Clock, Input, MatchBatch, ScanRequest, SourceState } from '../core/types.ts';
import type { OpenSource, SourceDescription } from '../sources/source.ts';
import { describeFindings, HiddenClients } from './hidden-clients.ts';
import type { JailEntry } from './jails.ts';
import { skewWarning, type Timed } from './skew-warning.ts';
import { SourceHealth } from './source-health.ts';

/** What is learned of a log is kept beside its cursor, under a name that no log has. */
export function learnedKey(cursorKey: string): string {
  return `${cursorKey}\nlearned`;
}

/** Sources that are gone and whose health is remembered, should they come back. */
const mostRemembered = 1_000;

/** The scanner as the intake drives it. */
export interface ScannerControl {
  open(request: ScanRequest): number;
  write(id: string, generation: number, bytes: Uint8Array): Promise<void>;
  end(id: string, generation: number): Promise<void>;
  close(id: string): void;
  acknowledge(batch: MatchBatch): void;
}

/** A source as the pipeline sees it. */
export class ScannedSource {
  readonly id: string;
  readonly cursorKey: string;
  /** Names, in the order of the scan request: a batch's `filter` column points here. */
  readonly filters: readonly string[];
  #jails: readonly (readonly JailEntry[])[];
  /** Batches of others are dropped. */
  generation: number;
  readonly description: SourceDescription;
  /** What its lines are read with. */
  reading: Reading;
  readonly health: SourceHealth;
  readonly #through: string | null;
  readonly lost = new AbortController();
  state: SourceState = 'starting';
  detail = '';
  /** Whether the log names clients. */
  hidden: HiddenClients;
  /** What was lost last, for the owner to know. */
  gap: string | null = null;
  /** By how many seconds its times constantly are behind the clock. */
  skew = 0;
  /** Resolves when nothing more of it is judged: its stream ended, or it was lost, closed or replaced. */
  readonly over = Promise.withResolvers<void>();
  /** Why its stream ended, or null; and whether to forget it when that was judged. */
  ending: string | null = null;
  closing = false;

  constructor(
    description: SourceDescription,
    filters: readonly string[],
    jails: readonly JailEntry[],
    generation: number,
    reading: Reading,
    health: SourceHealth,
  ) {
    this.description = description;
    this.health = health;
    this.#through = description.through ?? null;
    this.id = description.id;
    this.cursorKey = description.cursorKey ?? description.id;
    this.filters = filters;
    this.#jails = filters.map((filter) => jails.filter((jail) => jail.configuration.filter === filter));
    this.generation = generation;
    this.reading = reading;
    this.hidden = new HiddenClients(this.id);
  }

  get kind(): Input['kind'] {
    return this.description.input.kind;
  }

  /** Jails that are gone judge nothing more. */
  leave(isThere: (entry: JailEntry) => boolean): void {
    this.#jails = this.#jails.map((entries) => entries.filter(isThere));
  }

  jailsOf(filter: number): readonly JailEntry[] {
    return this.#jails[filter] ?? [];
  }

  filterOf(jail: string): string | null {
    return (
      this.#jails.flat().find(({ configuration }) => configuration.name === jail)?.configuration.filter ??
      null
    );
  }

  status(): SourceStatus {
    const { id, state, detail, gap, health } = this;
    const timed = timedBy(this.description.input);
    const skew = skewWarning(this.skew, this.reading.timeZone, Date.now() / 1_000, timed);
    const masked = describeFindings(this.hidden.findings());
    const warning =
      [...masked, gap, skew, health.cut(), health.unheard()].filter((each) => each !== null).join('; ') ||
      null;
    const jails = [...new Set(this.#jails.flat().map((entry) => entry.configuration.name))];
    const silent = state === 'reading' ? health.silent() : null;
    const said = [this.#through, detail].filter((each) => each !== null && each !== '').join('; ');
    const behind = health.behind(this.#longestFindtime());
    return { id, state, detail: said, ...figuresOf(health), behind, silent, jails, warning };
  }

  #longestFindtime(): number {
    return Math.max(0, ...this.#jails.flat().map(({ jail }) => jail.limits.findtime));
  }
}

function figuresOf(health: SourceHealth) {
  const { lag, lagSeconds, lines, lastLine, since, errors, restarts, lastError } = health;
  const figures = { lag, lagSeconds, lines, lastLine, since, errors, restarts, lastError };
  return { ...figures, behind: health.behind(), silent: null };
}

function timedBy(input: Input): Timed {
  if (input.kind === 'file') return input.format === 'cri' ? 'keeper' : 'line';
  if (input.framing === 'syslog') return 'sender';
  return input.framing === 'lines' || input.framing === 'file-pieces' ? 'line' : 'keeper';
}

/** What a scan request says beside the log itself. */
type Reading = Pick<ScanRequest, 'evidence' | 'timeZone'>;

export interface IntakeParts {
  readonly scanner: ScannerControl;
  /** null: there is no such jail any more. */
  readonly jail: (configuration: JailConfiguration) => JailEntry | null;
  readonly cursor: (key: string) => string | null;
  /** How many lines of a batch are wanted of a source that these jails read. */
  readonly evidence?: (jails: readonly string[]) => number;
  readonly judge: (batch: MatchBatch, source: ScannedSource) => void;
  readonly counted: (batch: MatchBatch) => void;
  /** Judging threw: a fault of Bailiff's own. */
  readonly failed: (error: unknown, source: ScannedSource) => void;
  /** A source begins to be read, maybe again. */
  readonly opened?: (id: string) => void;
  /** A source is gone for good. */
  readonly closed: (id: string) => void;
  readonly timeZone: string | undefined;
  /** What has to be set in the service of a filter for its log to name the client, or null. */
  readonly setupOf?: (filter: string) => string | null;
  readonly clock: Clock;
  /** A clock in seconds that is never set; tests put their own here. */
  readonly monotonic?: Clock;
}

/** The zone of a source's dates: what its jails say, else the configuration's. config/jails.ts sees that they agree. */
function zoneOf(jails: readonly JailConfiguration[], common: string | undefined): { timeZone?: string } {
  const timeZone = jails.find((jail) => jail.timeZone !== undefined)?.timeZone ?? common;
  return timeZone === undefined ? {} : { timeZone };
}
const steadyClock: Clock = { now: () => performance.now() / 1000 };

/** The open sources: hands their bytes to the scanner and its batches to the pipeline. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #sources = new Map<string, ScannedSource>();
  /** States of kinds, and of what could not be opened. */
  readonly #reports = new Map<string, Pick<SourceStatus, 'id' | 'state' | 'detail' | 'jails'>>();
  /** By id, also of some that are gone. */
  readonly #health = new Map<string, SourceHealth>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  open(description: SourceDescription): OpenSource {
    const { scanner, jail, cursor } = this.#parts;
    const { id, input } = description;
    const jails = description.jails.flatMap((each) => jail(each) ?? []);
    const filters = [...new Set(jails.map((entry) => entry.configuration.filter))];
    const place = this.#placeOf(description.cursorKey ?? id);
    const reading = this.#readingOf(description);
    const generation = scanner.open({ id, input, filters, ...place, ...reading });
    const source = new ScannedSource(description, filters, jails, generation, reading, this.#healthOf(id));
    source.health.opened();
    this.#parts.opened?.(id);
    const before = this.#sources.get(id);
    source.hidden = before?.hidden ?? source.hidden;
    source.gap = before?.gap ?? null;
    before?.over.resolve();
    this.#sources.set(id, source);
    this.#reports.delete(id);
    return {
      get cursor() {
        return cursor(source.cursorKey);
      },
      lost: source.lost.signal,
      write: (bytes) => {
        // What comes for one that is gone is dropped.
        if (this.#sources.get(id) === source && !source.lost.signal.aborted)
          source.health.handedOver(bytes.byteLength);
        return scanner.write(id, source.generation, bytes);
      },
      end: async (detail) => {
        source.ending = detail;
        await scanner.end(id, source.generation);
        await source.over.promise;
      },
      close: () => {
        if (source.ending === null || source.state === 'ended') this.#close(source);
        else source.closing = true;
      },
      report: (state, detail) => this.#setState(source, state, detail),
    };
  }

  /** Of a log that is read from its beginning nothing is known. */
  #placeOf(key: string): Pick<ScanRequest, 'cursor' | 'learned'> {
    const cursor = this.#parts.cursor(key);
    return { cursor, learned: cursor === null ? null : this.#parts.cursor(learnedKey(key)) };
  }

  #readingOf({ jails }: SourceDescription): Reading {
    const evidence = this.#parts.evidence?.(jails.map(({ name }) => name)) ?? 0;
    return { evidence, ...zoneOf(jails, this.#parts.timeZone) };
  }

  /**
   * The configuration is another one, and so are these filters: what is read otherwise now goes on from where it was
   * judged to. Whoever opened it is not asked, unless only he can read it again.
   */
  reconfigured(isThere: (entry: JailEntry) => boolean, filters: ReadonlySet<string>): void {
    for (const source of this.#sources.values()) {
      source.leave(isThere);
      const reading = this.#readingOf(source.description);
      const same =
        !source.filters.some((name) => filters.has(name)) && isDeepStrictEqual(reading, source.reading);
      if (!same) this.#readAnew(source, reading);
    }
  }

  #readAnew(source: ScannedSource, reading: Reading): void {
    const { id, cursorKey, filters, description } = source;
    const { input } = description;
    if (source.ending !== null) return;
    source.reading = reading;
    if (input.kind === 'file') {
      const place = this.#placeOf(cursorKey);
      source.generation = this.#parts.scanner.open({ id, input, filters, ...place, ...reading });
    } else if (input.framing !== 'syslog') source.lost.abort();
  }

  /** How far a source was judged, by its cursor key. */
  cursorOf(key: string): string | null {
    return this.#parts.cursor(key);
  }

  #close(source: ScannedSource): void {
    source.over.resolve();
    if (this.#sources.get(source.id) !== source) return;
    this.#parts.scanner.close(source.id);
    this.#sources.delete(source.id);
    this.#parts.closed(source.id);
  }

  report(id: string, state: SourceState, detail: string, jails: readonly string[] = []): void {
    const source = this.#sources.get(id);
    if (source !== undefined) this.#setState(source, state, detail);
    else {
      // What waits without being open is a kind that could not go on, and is tried again.
      if (state === 'failed' || state === 'waiting') this.#healthOf(id).failed(detail);
      if (state === 'starting') this.#healthOf(id).opened();
      this.#reports.set(id, { id, state, detail, jails });
    }
  }

  /** Of what was never opened; a source that was is closed by its owner. */
  forget(id: string): void {
    this.#reports.delete(id);
  }

  #setState(source: ScannedSource, state: SourceState, detail: string): void {
    if (state === 'failed') source.health.failed(detail);
    Object.assign(source, { state, detail });
  }

  /** A thread of the scanner was started again and goes on with these. Other streams are opened again by their owners. */
  scannerRestarted(goOn: readonly string[]): void {
    for (const id of goOn) this.#sources.get(id)?.health.opened();
  }

  #healthOf(id: string): SourceHealth {
    const { clock, monotonic = steadyClock } = this.#parts;
    const health = this.#health.get(id) ?? new SourceHealth(clock, monotonic);
    this.#health.delete(id);
    this.#health.set(id, health);
    for (const other of this.#health.keys()) {
      if (this.#health.size <= this.#sources.size + this.#reports.size + mostRemembered) break;
      if (!this.#sources.has(other) && !this.#reports.has(other)) this.#health.delete(other);
    }
    return health;
  }

  batch(batch: MatchBatch): void {
    const source = this.#sources.get(batch.source);
    if (source !== undefined && source.generation === batch.generation) {
      const { lines, bytes, lagBytes: lag, age, oversize, unheard = -1 } = batch;
      source.health.judged({ lines, bytes, lag, age, oversize, unheard: source.filters[unheard] ?? null });
      source.skew = batch.skew ?? 0;
      this.#parts.counted(batch);
      try {
        this.#parts.judge(batch, source);
      } catch (error) {
        // A fault of our own must cost these lines, not everybody's protection, again at every start.
        this.#parts.failed(error, source);
      }
    }
    this.#parts.scanner.acknowledge(batch);
  }

  /** What the scanner says. The end of a stream comes after its last batch. */
  state(id: string, state: SourceState, detail: string): void {
    const source = this.#sources.get(id);
    this.report(id, state, detail || (state === 'ended' ? (source?.ending ?? '') : (source?.detail ?? '')));
    if (state === 'ended' || state === 'failed') source?.over.resolve();
    if (source?.closing && (state === 'ended' || state === 'failed')) this.#close(source);
  }

  /** Lines of a source are lost, or may be. */
  gap(id: string, detail: string): void {
    const source = this.#sources.get(id);
    if (source !== undefined) source.gap = detail;
  }

  streamLost(id: string): void {
    const source = this.#sources.get(id);
    source?.lost.abort();
    source?.over.resolve();
    if (source?.closing) this.#close(source);
  }

  /** Of each source whose times are constantly off the clock: by how many seconds they are behind. */
  skews(): (readonly [source: string, seconds: number])[] {
    return [...this.#sources.values()].flatMap(({ id, skew }) => (skew === 0 ? [] : [[id, skew] as const]));
  }

  /** What the owner should put right about sources. */
  findings(): Finding[] {
    return [...this.#sources.values()].flatMap((source) =>
      source.hidden.findings().map((finding) => this.#withSetup(finding, source.filterOf(finding.jail))),
    );
  }

  /** What the service itself needs comes first. */
  #withSetup(finding: Finding, filter: string | null): Finding {
    const setup = filter === null ? null : (this.#parts.setupOf?.(filter) ?? null);
    if (setup === null) return finding;
    return { ...finding, remedies: [{ behind: 'the service', remedy: setup }, ...finding.remedies] };
  }

  status(): SourceStatus[] {
    return [
      ...[...this.#sources.values()].map((source) => source.status()),
      ...[...this.#reports.values()].map((report) => {
        const figures = figuresOf(this.#healthOf(report.id));
        return { ...report, ...figures, warning: null };
      }),
    ];
  }
}
