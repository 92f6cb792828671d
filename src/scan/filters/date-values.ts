import { type DateParts, monthNames } from './date-forms.ts';

/** What is read as a date and has no certain time. */
export const unclear = Number.NaN;

const daySeconds = 86_400;

/**
 * By how many seconds a TAI64N label is ahead of the epoch, as daemontools and runit write it, whatever the
 * number of leap seconds. (s6 counts those: its labels are 27 s further ahead.)
 */
const taiAheadSeconds = 10;

/** As if it were UTC, in ms; null for what no calendar has. A leap second is the next minute's first. */
export function wallTime(year: number, parts: DateParts): number | null {
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

/** An offset such as `+01:00` in ms; null for what no zone has (they lie between -12:00 and +14:00). */
export function offsetMs(zone: string): number | null {
  const parts = /([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return null;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  if (minutes > 14 * 60 || Number(parts[3] ?? 0) > 59) return null;
  return (parts[1] === '-' ? -60_000 : 60_000) * minutes;
}

/** A line may begin with a number that is no time: what would lie ahead of the present is none. */
export function pastEpoch(text: string, now: number): number | null {
  const whole = text.split('.', 1)[0] ?? '';
  const seconds = Number(text) / 10 ** (whole.length - 10);
  return seconds >= 1e9 && seconds <= now + daySeconds ? seconds : null;
}

/** Seconds of a TAI64N label's two parts, in hexadecimal. */
export function taiSeconds(seconds: string, nanoseconds: string): number | null {
  const nanos = Number.parseInt(nanoseconds, 16);
  return nanos < 1e9 ? Number.parseInt(seconds, 16) - taiAheadSeconds + nanos / 1e9 : null;
}

/** Seconds of an epoch time whose unit shows in its size, or null for what lies outside 1973 to 5138. */
export function epochSeconds(value: number): number | null {
  for (const unit of [1, 1e3, 1e6, 1e9]) {
    const seconds = value / unit;
    if (seconds >= 1e8 && seconds < 1e11) return seconds;
  }
  return null;
}
