import { copied } from '../../core/batch.ts';
import { continuation, type DateParts, formsAt } from './date-forms.ts';
import { headOfAccessLine, isObject, startPlace } from './date-places.ts';
import { epochSeconds, offsetMs, pastEpoch, taiSeconds, unclear, wallTime } from './date-values.ts';
import { Zone } from './zone.ts';
import { abbreviations } from './zone-abbreviations.ts';

/** A line's date: the time in seconds, and where its text stands. */
export interface LineDate {
  /** null: the text is a date that can be read in several ways, so that the line counts as one without. */
  readonly time: number | null;
  readonly start: number;
  readonly end: number;
}

/** Finds the date of a line, or null. `now` is in seconds. What it keeps between lines is one log's. */
export interface DateFinder {
  find(line: string, now: number): LineDate | null;
  /** What people call the form of the date that was found last; undefined where only its text shows it. */
  readonly form?: string;
  /** What it has learned of the log, as JSON can hold it; absent: it learns nothing, null: it has not yet. */
  learned?(): unknown;
  /** Goes on with what was learned. What makes no sense is passed over. */
  recall?(learned: unknown): void;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

const [upperZ, lowerA, lowerP] = [0x5a, 0x61, 0x70] as const;

/** Zones that lines name themselves, kept. */
const mostRegions = 16;

/** Finds and reads the dates of one source's lines. */
export class DateReader implements DateFinder {
  readonly #zone: Zone;
  readonly #regions = new Map<string, Zone | null>();
  /** Neighbouring lines mostly have the same date, many as the first of all. The text ends with the character behind it. */
  #known: { text: string; second: number; time: number | null; first: LineDate | null } = {
    text: '',
    second: Number.NaN,
    time: null,
    first: null,
  };

  /** @throws RangeError for an unknown time zone */
  constructor(timeZone?: string) {
    this.#zone = new Zone(timeZone);
  }

  /** The date of a line, or null. `now` (seconds) tells which year a date without one means. */
  find(line: string, now: number): LineDate | null {
    const { text, second, first } = this.#known;
    if (first !== null && second === Math.floor(now) && line.startsWith(text) && !goesOn(line, text.length))
      return first;
    const start = startPlace(line);
    const atStart = this.#at(line, start, now);
    if (atStart === null) return this.#inBracket(line, now);
    return isObject(line) ? { ...atStart, end: atStart.start } : atStart;
  }

  /** The time of a field that holds nothing else: as text, or as epoch seconds to nanoseconds. */
  readField(value: string | number, now: number): number | null {
    const number =
      typeof value === 'number' ? value : /^\d{9,19}(?:\.\d{1,9})?$/.test(value) ? Number(value) : null;
    if (number !== null) return epochSeconds(number);
    return this.find(String(value), now)?.time ?? null;
  }

  /**
   * The date in a bracket of an access log's line. Where there are two, one may be a client's, as a part of
   * its user name: the last is cut out, since servers write it behind that name, but neither is believed.
   */
  #inBracket(line: string, now: number): LineDate | null {
    const head = headOfAccessLine(line);
    if (head === null) return null;
    let found: LineDate | null = null;
    for (let at = head.indexOf('['); at >= 0; at = head.indexOf('[', at + 1)) {
      const date = this.#at(line, at + 1, now);
      if (date === null) continue;
      found = found === null ? date : { ...date, time: null };
    }
    return found;
  }

  #at(line: string, start: number, now: number): LineDate | null {
    const { text, second, time } = this.#known;
    const behind = start + text.length;
    if (second === Math.floor(now) && line.startsWith(text, start) && !goesOn(line, behind)) {
      return { time, start, end: behind - 1 };
    }
    for (const form of formsAt(line, start)) {
      const match = form.read(line, start);
      const read = match === null ? null : this.#read(match.parts, now);
      if (match === null || read === null) continue;
      const end = start + match.text.length;
      const known = Number.isNaN(read) ? null : read;
      this.#keep(line, start, end, known, now);
      return { time: known, start, end };
    }
    return null;
  }

  #keep(line: string, start: number, end: number, time: number | null, now: number): void {
    if ((line[end] !== ' ' && line[end] !== ']') || goesOn(line, end + 1)) return;
    // A copy: a slice would keep the whole chunk alive.
    const text = copied(line, start, end + 1);
    const first = start === 0 && !isObject(line) ? { time, start, end } : null;
    this.#known = { text, second: Math.floor(now), time, first };
  }

  /** Seconds, `unclear`, or null for what no calendar has. */
  #read(parts: DateParts, now: number): number | null {
    if (parts.epoch !== undefined) return pastEpoch(parts.epoch, now);
    if (parts.tai !== undefined) return taiSeconds(parts.tai, parts.taiNanoseconds ?? '');
    const fraction = parts.fraction === undefined ? 0 : Number(`0.${parts.fraction}`);
    if (parts.year === undefined && parts.shortYear === undefined) {
      return this.#readWithoutYear(parts, fraction, now);
    }
    const wallMs = wallTime(Number(parts.year ?? `20${parts.shortYear}`), parts);
    if (wallMs === null || Number.isNaN(wallMs)) return wallMs;
    const epochMs = this.#toEpoch(wallMs, parts, now * 1_000);
    return epochMs === null ? null : epochMs / 1_000 + fraction;
  }

  /** This year, or the last one where that would be more than a day ahead (as on New Year's Eve). */
  #readWithoutYear(parts: DateParts, fraction: number, now: number): number | null {
    const nowMs = now * 1_000;
    const thisYear = this.#zone.yearAt(nowMs + dayMs);
    for (const year of [thisYear, thisYear - 1]) {
      const wallMs = wallTime(year, parts);
      const epochMs = wallMs === null ? null : this.#toEpoch(wallMs, parts, nowMs);
      if (epochMs !== null && !(epochMs > nowMs + dayMs)) return epochMs / 1_000 + fraction;
    }
    return null;
  }

  #toEpoch(wallMs: number, { zone, region }: DateParts, nowMs: number): number | null {
    if (region !== undefined) return this.#region(region)?.toEpoch(wallMs, nowMs) ?? null;
    if (zone === undefined) return this.#zone.toEpoch(wallMs, nowMs);
    const meanings = abbreviations.get(zone.trim().toUpperCase());
    if (meanings === undefined) {
      const offset = offsetMs(zone);
      return offset === null ? null : wallMs - offset;
    }
    const epochs = meanings.map((hours) => wallMs - hours * hourMs);
    if (epochs.length === 1) return epochs[0] ?? null;
    return epochs.find((epochMs) => this.#zone.offsetAt(epochMs) === wallMs - epochMs) ?? unclear;
  }

  #region(name: string): Zone | null {
    const known = this.#regions.get(name);
    if (known !== undefined) return known;
    if (this.#regions.size >= mostRegions) this.#regions.clear();
    const zone = zoneOf(name);
    this.#regions.set(copied(name, 0, name.length), zone);
    return zone;
  }
}

function zoneOf(name: string): Zone | null {
  try {
    return new Zone(name);
  } catch {
    return null;
  }
}

/** Whether what stands at `at`, behind a date and a space or a bracket, could belong to the date. */
function goesOn(line: string, at: number): boolean {
  if (line[at - 1] !== ' ') return false;
  const code = line.charCodeAt(at);
  // Mostly a word in small letters follows; of these only am and pm belong to a date.
  if (code > upperZ && code !== lowerA && code !== lowerP) return false;
  continuation.lastIndex = at;
  return continuation.test(line);
}
