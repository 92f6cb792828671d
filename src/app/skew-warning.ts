import { formatDuration } from '../core/duration.ts';
import { isZone } from '../core/skew.ts';

/** Minutes; no zone lies farther from UTC. */
const westmost = -12 * 60;
const eastmost = 14 * 60;

/** Whose time a line has: its own date's, what its sender says, or that of what keeps the log (an engine, the journal, a runtime). */
export type Timed = 'line' | 'sender' | 'keeper';

const late = 'until then attempts count late, or never where that is more than findtime';

/**
 * What to tell the owner of a log whose times are constantly off the clock by `skew` seconds (positive:
 * behind), or null where they are not. `timeZone` is what its dates are read with; undefined: the machine's.
 */
export function skewWarning(
  skew: number,
  timeZone: string | undefined,
  now: number,
  timed: Timed = 'line',
): string | null {
  if (skew === 0) return null;
  const off = `its times are ${formatDuration(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} the clock`;
  if (timed === 'keeper')
    return `${off}: set the clock of the machine that keeps this log, or of this host, if lines do not come that late; ${late}`;
  if (!isZone(skew)) return `${off}: set the clock of what writes it, or of this host; ${late}`;
  if (timed === 'sender')
    return `${off}: the zone or the clock of what sends it is wrong; set it there. Until then its times are moved by that much`;
  const offset = offsetMinutes(timeZone, now) - skew / 60;
  const guess = offset < westmost || offset > eastmost ? '' : `, such as ${formatOffset(offset)}`;
  return `${off}: its time zone is another, or a clock is wrong; set time-zone for its jail${guess}. Until then its times are moved by that much`;
}

/** Minutes east of UTC. */
function offsetMinutes(timeZone: string | undefined, now: number): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(now * 1_000).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

function formatOffset(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
