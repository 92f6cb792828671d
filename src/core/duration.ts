import { BailiffError } from './errors.ts';

const secondsPerYear = 365.25 * 86_400;

/** Seconds per unit; the units and words are fail2ban's (jail.conf(5), "TIME ABBREVIATION FORMAT"). */
const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  secs: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  mins: 60,
  minute: 60,
  minutes: 60,
  h: 3_600,
  hour: 3_600,
  hours: 3_600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  w: 604_800,
  week: 604_800,
  weeks: 604_800,
  mo: secondsPerYear / 12,
  mon: secondsPerYear / 12,
  month: secondsPerYear / 12,
  months: secondsPerYear / 12,
  y: secondsPerYear,
  year: secondsPerYear,
  years: secondsPerYear,
};

const part = /\s*(\d+(?:\.\d+)?)\s*([a-z]*)/gy;

/**
 * Seconds of a duration such as `600`, `10m`, `1h 30m` or `1d12h`.
 * @throws BailiffError duration-invalid
 */
export function parseDuration(text: string): number {
  const lower = text.trim().toLowerCase();
  let total = 0;
  let end = 0;
  part.lastIndex = 0;
  for (let match = part.exec(lower); match !== null; match = part.exec(lower)) {
    const unit = unitSeconds[match[2] === '' ? 's' : (match[2] ?? '')];
    if (unit === undefined) break;
    total += Number(match[1]) * unit;
    end = part.lastIndex;
  }
  if (end !== lower.length || end === 0) {
    throw new BailiffError('duration-invalid', `"${text.slice(0, 40)}" is not a duration`, {
      remedy: 'Write seconds (600) or a number with s, m, h, d, w, mo or y (10m, 1h 30m).',
    });
  }
  return total;
}

/** Below a second the kernel has no timeout. */
const shortestSpan = 1;
/** Beyond a century a duration is a slip of the pen, and its end no date that every tool can write. */
export const longestSpan = 100 * secondsPerYear;

/** As `parseDuration`, from one second to a century. @throws BailiffError duration-invalid */
export function parseSpan(text: string): number {
  const seconds = parseDuration(text);
  if (seconds >= shortestSpan && seconds <= longestSpan) return seconds;
  throw new BailiffError('duration-invalid', `"${text.slice(0, 40)}" is not between 1s and 100y`);
}

/** A ban time: as `parseSpan`, and null for `permanent` or fail2ban's `-1`, which are for ever. */
export function parseBanTime(text: string): number | null {
  return /^\s*(?:-1|permanent)\s*$/i.test(text) ? null : parseSpan(text);
}

/** A duration for a person, at most two units: `10m`, `1h 30m`, `2d`, `for ever`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null) return 'for ever';
  let rest = Math.max(0, Math.round(seconds));
  if (rest === 0) return '0s';
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}
