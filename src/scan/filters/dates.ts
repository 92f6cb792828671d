import { copied } from '../../core/batch.ts';
import { continuation, type DateParts, formsAt, monthNames } from './date-forms.ts';
import { headOfAccessLine, isObject, startPlace } from './date-places.ts';
import { Zone } from './zone.ts';
import { abbreviations } from './zone-abbreviations.ts';

/** A line's date: the time in seconds, and where its text stands. */
export interface LineDate {
  /** null: the text is a date that can be read in several ways, so that the line counts as one without. */
  readonly time: number | null;
  readonly start: number;
  readonly end: number;
}

/** What is read as a date and has no certain time. */
const unclear = Number.NaN;

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Zones that lines name themselves, kept. */
const mostRegions = 16;

/**
 * The multiple of a label over 1970's seconds, as daemontools and runit write it: 10 s, whatever the number
 * of leap seconds. (s6 counts them: its labels are 27 s ahead.)
 */
const taiAheadSeconds = 10;

/** Finds and reads the dates of one source's lines. */
export class DateReader {
  readonly #zone: Zone;
  readonly #regions = new Map<string, Zone | null>();
  /** Neighbouring lines mostly have the same date. The text ends with the character behind it. */
  #known: { text: string; second: number; time: number | null } = {
    text: '',
    second: Number.NaN,
    time: null,
  };

  /** @throws RangeError for an unknown time zone */
  constructor(timeZone?: string) {
    this.#zone = new Zone(timeZone);
  }

  /** The date of a line, or null. `now` (seconds) tells which year a date without one means. */
  find(line: string, now: number): LineDate | null {
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
    this.#known = { text: copied(line, start, end + 1), second: Math.floor(now), time };
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

/** As if it were UTC, in ms; null for what no calendar has. A leap second is the next minute's first. */
function wallTime(year: number, parts: DateParts): number | null {
  const hour = hourOf(parts);
  const minute = Number(parts.minute);
  const second = Number(parts.second);
  if (hour === null || hour > 23 || minute > 59 || second > 60) return null;
  const clockMs = ((hour * 60 + minute) * 60 + second) * 1_000;
  if (parts.dayOrMonth !== undefined) {
    return eitherMidnight(year, Number(parts.dayOrMonth), Number(parts.monthOrDay), clockMs);
  }
  const month = parts.name === undefined ? Number(parts.month) : monthNames.indexOf(parts.name) / 4 + 1;
  const midnight = midnightOf(year, month, Number(parts.day));
  return midnight === null ? null : midnight + clockMs;
}

/** Of a date that is written day first or month first: where both are possible it is not guessed. */
function eitherMidnight(year: number, first: number, other: number, clockMs: number): number | null {
  const dayFirst = midnightOf(year, other, first);
  const monthFirst = midnightOf(year, first, other);
  if (dayFirst !== null && monthFirst !== null && dayFirst !== monthFirst) return unclear;
  const midnight = dayFirst ?? monthFirst;
  return midnight === null ? null : midnight + clockMs;
}

function midnightOf(year: number, month: number, day: number): number | null {
  if (month < 1 || month > 12 || day < 1) return null;
  const midnight = Date.UTC(year, month - 1, day);
  return day <= 28 || new Date(midnight).getUTCDate() === day ? midnight : null;
}

function hourOf({ hour, half }: DateParts): number | null {
  const written = Number(hour);
  if (half === undefined) return written;
  if (written < 1 || written > 12) return null;
  return (written % 12) + (half.toUpperCase().startsWith('P') ? 12 : 0);
}

/** Whether what stands at `at`, behind a date and a space or a bracket, could belong to the date. */
function goesOn(line: string, at: number): boolean {
  if (line[at - 1] !== ' ') return false;
  continuation.lastIndex = at;
  return continuation.test(line);
}

/** Null for what no zone has; they lie between -12:00 and +14:00. */
function offsetMs(zone: string): number | null {
  const parts = /([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return null;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  if (minutes > 14 * 60 || Number(parts[3] ?? 0) > 59) return null;
  return (parts[1] === '-' ? -60_000 : 60_000) * minutes;
}

/** A line may begin with a number that is no time: what would lie ahead of the present is none. */
function pastEpoch(text: string, now: number): number | null {
  const whole = text.split('.', 1)[0] ?? '';
  const seconds = Number(text) / 10 ** (whole.length - 10);
  return seconds >= 1e9 && seconds <= now + dayMs / 1_000 ? seconds : null;
}

function taiSeconds(seconds: string, nanoseconds: string): number | null {
  const nanos = Number.parseInt(nanoseconds, 16);
  return nanos < 1e9 ? Number.parseInt(seconds, 16) - taiAheadSeconds + nanos / 1e9 : null;
}

/** Seconds of an epoch time whose unit shows in its size, or null for what lies outside 1973 to 5138. */
function epochSeconds(value: number): number | null {
  for (const unit of [1, 1e3, 1e6, 1e9]) {
    const seconds = value / unit;
    if (seconds >= 1e8 && seconds < 1e11) return seconds;
  }
  return null;
}
