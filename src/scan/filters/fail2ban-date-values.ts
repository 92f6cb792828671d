import type { DateField, DateTemplate } from '../../core/date-template.ts';
import { asciiDigits } from '../../core/decimal-digits.ts';
import { fail2banZoneMinutes } from '../../core/fail2ban-zones.ts';
import type { Zone } from './zone.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Python's dates are of the years from 1 to 9999. */
const firstWall = utc(1, 1, 1);
const endOfWalls = utc(10_000, 1, 1);

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const longMonths =
  'january february march april may june july august september october november december'.split(' ');
const weekdays = 'mon tue wed thu fri sat sun'.split(' ');
const longWeekdays = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');

/** What is taken for true where a date does not say it. */
export interface DateContext {
  /** The machine's zone, or the log's. */
  readonly zone: Zone;
  /** fail2ban's `logtimezone` in minutes ahead of UTC, or null. */
  readonly logMinutes: number | null;
  /** Seconds. */
  readonly now: number;
}

/** Of a date, what it says. Months and days count from 1, weekdays from Monday, which is 0. */
interface Said {
  year: number | null;
  month: number | null;
  day: number | null;
  dayOfYear: number | null;
  weekday: number | null;
  week: number | null;
  weeksBegin: 'Sunday' | 'Monday';
  hour: number;
  minute: number;
  second: number;
  /** Minutes ahead of UTC. */
  zone: number | null;
}

/** What cannot be read: fail2ban takes such a date for none, or fails on the line. */
class Unreadable extends Error {}

/**
 * The time of a date in seconds, without its fraction as fail2ban reads it; null where there is no such time, such as
 * February 30, a leap second, an unknown zone, or a day without its month.
 */
export function fail2banTime(
  { cut, value }: DateTemplate,
  match: RegExpExecArray,
  context: DateContext,
): number | null {
  if (value.kind === 'tai64n') return Number.parseInt(match[cut]?.slice(2, 17) ?? '', 16);
  if (value.kind === 'epoch') return epochTime(asciiDigits(match[value.group] ?? ''), value.long);
  try {
    return timeOf(read(value.groups, match), context);
  } catch (thrown) {
    if (thrown instanceof Unreadable) return null;
    throw thrown;
  }
}

function epochTime(text: string, long: boolean): number | null {
  if (!/^\d+(?:\.\d*)?$/.test(text)) return null;
  if (!long || text.length < 13) return Number(text);
  return Number(text) / (text.length >= 16 && !text.includes('.') ? 1e6 : 1e3);
}

function read(groups: readonly (readonly [DateField, number])[], match: RegExpExecArray): Said {
  const said: Said = {
    ...{ year: null, month: null, day: null, dayOfYear: null, weekday: null, week: null, zone: null },
    ...{ weeksBegin: 'Monday', hour: 0, minute: 0, second: 0 },
  };
  for (const [field, group] of groups) {
    const text = match[group];
    if (text !== undefined) readField(said, field, text, groups, match);
  }
  return said;
}

function readField(
  said: Said,
  field: DateField,
  text: string,
  groups: readonly (readonly [DateField, number])[],
  match: RegExpExecArray,
): void {
  switch (field) {
    case 'y':
      said.year = shortYear(number(text));
      break;
    case 'Y':
      said.year = number(text);
      break;
    case 'm':
      said.month = number(text);
      break;
    case 'b':
      said.month = named(text, months) + 1;
      break;
    case 'B':
      said.month = named(text, longMonths) + 1;
      break;
    case 'd':
      said.day = number(text);
      break;
    case 'H':
      said.hour = number(text);
      break;
    case 'I':
      said.hour = hourOfTwelve(number(text), groups, match);
      break;
    case 'M':
      said.minute = number(text);
      break;
    case 'S':
      said.second = number(text);
      break;
    case 'a':
      said.weekday = named(text, weekdays);
      break;
    case 'A':
      said.weekday = named(text, longWeekdays);
      break;
    case 'w':
      // Sunday is 0.
      said.weekday = (number(text) + 6) % 7;
      break;
    case 'j':
      said.dayOfYear = number(text);
      break;
    case 'U':
    case 'W':
      said.week = number(text);
      said.weeksBegin = field === 'U' ? 'Sunday' : 'Monday';
      break;
    case 'z':
    case 'Z':
      said.zone = fail2banZoneMinutes(text) ?? unreadable();
  }
}

/** fail2ban's `%y` is a year of this century. */
function shortYear(year: number): number {
  return year <= 2000 ? year + 2000 : year;
}

/** Without a word for the half of the day it is the first. */
function hourOfTwelve(
  hour: number,
  groups: readonly (readonly [DateField, number])[],
  match: RegExpExecArray,
): number {
  const half = groups.find(([field]) => field === 'p');
  // fail2ban fails where the word may stand and does not.
  const word = half === undefined ? 'am' : (match[half[1]] ?? unreadable());
  if (word.toLowerCase() === 'pm') return hour === 12 ? 12 : hour + 12;
  return hour === 12 && (word === '' || word.toLowerCase() === 'am') ? 0 : hour;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  const other = Number(asciiDigits(text));
  return Number.isNaN(other) ? unreadable() : other;
}

function named(text: string, names: readonly string[]): number {
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? unreadable() : index;
}

/**
 * Of a date without a year, this one's, or the last one's where that would be more than a day ahead; of one without a
 * day, today, or yesterday where that would be ahead. As in fail2ban the wall clock of the machine is what a date is
 * compared with, even where it is in another zone.
 */
function timeOf(said: Said, { zone, logMinutes, now }: DateContext): number {
  const nowMs = now * 1_000;
  const nowWall = nowMs + zone.offsetAt(nowMs);
  const today = new Date(nowWall);
  let year = said.year ?? today.getUTCFullYear();
  let { month, day } = said;
  if (month === null || day === null) {
    const dayOfYear = said.dayOfYear ?? dayInWeek(year, said);
    if (dayOfYear !== null) {
      const date = new Date(utc(year, 1, 1) + (dayOfYear - 1) * dayMs);
      [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    }
  }
  const isToday = month === null && day === null;
  month ??= isToday ? today.getUTCMonth() + 1 : unreadable();
  day ??= isToday ? today.getUTCDate() : unreadable();
  const minutes = said.zone ?? logMinutes;
  let wall = wallTime(year, month, day, said) - (minutes ?? 0) * minuteMs;
  if (isToday && wall > nowWall) wall -= dayMs;
  if (said.year === null && wall > nowWall + dayMs) wall = midnight(year - 1, month, day) + (wall % dayMs);
  if (wall < firstWall || wall >= endOfWalls) unreadable();
  return (minutes === null ? zone.toEpoch(wall, nowMs) : wall) / 1_000;
}

/** The day of the year that a weekday is in a week, which begins on Sunday or Monday; days before are in week 0. */
function dayInWeek(year: number, { week, weekday, weeksBegin }: Said): number | null {
  if (week === null || weekday === null) return null;
  const shift = weeksBegin === 'Sunday' ? 1 : 0;
  const first = (new Date(utc(year, 1, 1)).getUTCDay() + 6 + shift) % 7;
  const inWeek = (weekday + shift) % 7;
  if (week === 0) return 1 + inWeek - first;
  return 1 + inWeek + ((7 - first) % 7) + 7 * (week - 1);
}

function wallTime(year: number, month: number, day: number, { hour, minute, second }: Said): number {
  if (hour > 23 || minute > 59 || second > 59) unreadable();
  return midnight(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1_000;
}

function midnight(year: number, month: number, day: number): number {
  const ms = utc(year, month, day);
  return year >= 1 && year <= 9_999 && new Date(ms).getUTCDate() === day ? ms : unreadable();
}

/** `Date.UTC` takes the first hundred years for those of another century. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function unreadable(): never {
  throw new Unreadable();
}
