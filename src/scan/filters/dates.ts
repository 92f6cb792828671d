import { Zone } from './zone.ts';

/** A line's date: the time in seconds, and where its text stands. */
export interface LineDate {
  readonly time: number;
  readonly start: number;
  readonly end: number;
}

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const clock = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?`;
const offset = String.raw`[+-]\d\d:?\d\d`;

const day = '(?<day>\\d{1,2})';
const name = `(?<name>${months})`;
const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';

/**
 * The forms of a date. They are tried only at places that the logging program writes itself: the
 * line's start (perhaps behind one bracket), and the first bracket before any quote (CLF).
 */
const wordForms: readonly RegExp[] = [
  // asctime: Sun Nov  5 03:04:05.123 2026
  new RegExp(`${weekday} ${name} {1,2}${day} ${clock} (?<year>\\d{4})(?!\\w)`, 'y'),
  // syslog (RFC 3164): Nov  5 03:04:05
  new RegExp(`(?:${weekday} )?${name} {1,2}${day} ${clock}(?!\\w)`, 'y'),
];
const digitForms: readonly RegExp[] = [
  // RFC 3339, ISO 8601, and nginx's 2026/11/22 16:02:01.
  new RegExp(
    String.raw`(?<year>\d{4})([-/])(?<month>\d\d)\2(?<day>\d\d)[Tt ]${clock}(?<zone>[Zz]|${offset}|[+-]\d\d(?![\d:])| (?:UTC|GMT|Z|${offset})(?!\w))?(?!\w)`,
    'y',
  ),
  // CLF: 22/Nov/2026:16:02:01 +0000
  new RegExp(`${day}/${name}/(?<year>\\d{4}):${clock}(?<zone> ${offset})?(?!\\w)`, 'y'),
];

/** The beginning of a line up to where a date may stand. */
const lineStart = /\ufeff?\s{0,8}(?:<\d{1,3}>)?\[?/y;
const bracket = /^[^"'[]{0,256}\[/;

const dayMs = 86_400_000;

/** Finds and reads the dates of one source's lines. */
export class DateReader {
  readonly #zone: Zone;
  /** Neighbouring lines mostly have the same date. The text ends with the space behind it. */
  #known = { text: '', second: Number.NaN, time: 0 };

  /** @throws RangeError for an unknown time zone */
  constructor(timeZone?: string) {
    this.#zone = new Zone(timeZone);
  }

  /** The date of a line, or null. `now` (seconds) tells which year a date without one means. */
  find(line: string, now: number): LineDate | null {
    lineStart.lastIndex = 0;
    lineStart.exec(line);
    const atStart = this.#at(line, lineStart.lastIndex, now);
    if (atStart !== null) return atStart;
    const inBracket = bracket.exec(line);
    return inBracket === null ? null : this.#at(line, inBracket[0].length, now);
  }

  /** The time of a field that holds nothing else: as text, or as epoch seconds to nanoseconds. */
  readField(value: string | number, now: number): number | null {
    const number =
      typeof value === 'number' ? value : /^\d{9,19}(?:\.\d{1,9})?$/.test(value) ? Number(value) : null;
    if (number !== null) return epochSeconds(number);
    const found = this.find(String(value), now);
    return found === null ? null : found.time;
  }

  #at(line: string, start: number, now: number): LineDate | null {
    const first = line.charCodeAt(start);
    const isDigit = first >= 0x30 && first <= 0x39;
    if (!isDigit && !(first >= 0x41 && first <= 0x57)) return null;
    const { text, second, time } = this.#known;
    const behind = start + text.length;
    if (second === Math.floor(now) && line.startsWith(text, start) && !beginsZone(line, behind)) {
      return { time, start, end: behind - 1 };
    }
    for (const form of isDigit ? digitForms : wordForms) {
      form.lastIndex = start;
      const match = form.exec(line);
      const read = match === null ? null : this.#read(match.groups ?? {}, now);
      if (match === null || read === null) continue;
      const end = start + match[0].length;
      if (line[end] === ' ' && !beginsZone(line, end + 1)) {
        // A copy: a slice would keep the whole chunk alive.
        const copied = Buffer.from(`${match[0]} `, 'latin1').toString('latin1');
        this.#known = { text: copied, second: Math.floor(now), time: read };
      }
      return { time: read, start, end };
    }
    return null;
  }

  #read(groups: Record<string, string | undefined>, now: number): number | null {
    const month =
      groups['name'] === undefined ? Number(groups['month']) : months.indexOf(groups['name']) / 4 + 1;
    const wall = (year: number): number | null =>
      wallTime(
        year,
        month,
        Number(groups['day']),
        Number(groups['hour']),
        Number(groups['minute']),
        Number(groups['second']),
      );
    const fraction = groups['fraction'] === undefined ? 0 : Number(`0.${groups['fraction']}`);
    const year = groups['year'];
    if (year === undefined) return this.#readWithoutYear(wall, fraction, now);
    const wallMs = wall(Number(year));
    if (wallMs === null) return null;
    const zone = groups['zone'];
    const epochMs = zone === undefined ? this.#zone.toEpoch(wallMs, now * 1_000) : wallMs - offsetMs(zone);
    return epochMs / 1_000 + fraction;
  }

  /** This year, or the last one where that would be more than a day ahead (as on New Year's Eve). */
  #readWithoutYear(wall: (year: number) => number | null, fraction: number, now: number): number | null {
    const nowMs = now * 1_000;
    const thisYear = this.#zone.yearAt(nowMs + dayMs);
    for (const year of [thisYear, thisYear - 1]) {
      const wallMs = wall(year);
      if (wallMs === null) continue;
      const epochMs = this.#zone.toEpoch(wallMs, nowMs);
      if (epochMs <= nowMs + dayMs) return epochMs / 1_000 + fraction;
    }
    return null;
  }
}

/** As if it were UTC, in ms; null for what no calendar has. A leap second is the next minute's first. */
function wallTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (hour > 23 || minute > 59 || second > 60 || month < 1 || month > 12) return null;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCDate() !== day) return null;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000;
}

/** Whether what follows a date could belong to it: an offset, a year, UTC, GMT or Z. */
function beginsZone(line: string, at: number): boolean {
  return /[+\-\dUGZ]/.test(line[at] ?? '');
}

function offsetMs(zone: string): number {
  const parts = /([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return 0;
  return (parts[1] === '-' ? -60_000 : 60_000) * (Number(parts[2]) * 60 + Number(parts[3] ?? 0));
}

/** Seconds of an epoch time whose unit shows in its size, or null for what lies outside 1973 to 5138. */
function epochSeconds(value: number): number | null {
  for (const unit of [1, 1e3, 1e6, 1e9]) {
    const seconds = value / unit;
    if (seconds >= 1e8 && seconds < 1e11) return seconds;
  }
  return null;
}
