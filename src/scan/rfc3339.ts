/** A time to the nanosecond, for which a number is too coarse: whole seconds in ms since the epoch, and the rest beside. */
export interface Instant {
  readonly ms: number;
  readonly nanoseconds: number;
}

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Neighbouring lines mostly are of the same second. */
let known = { text: '', ms: Number.NaN };

/** Null for what is no RFC 3339 timestamp (with upper-case letters, up to nanoseconds). */
export function rfc3339Instant(text: string): Instant | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const whole = `${match[1]}${match[3]}`;
  if (whole !== known.text) known = { text: whole, ms: Date.parse(whole) };
  return Number.isNaN(known.ms)
    ? null
    : { ms: known.ms, nanoseconds: Number((match[2] ?? '').padEnd(9, '0')) };
}

/** Since the epoch. */
export function secondsOf({ ms, nanoseconds }: Instant): number {
  return ms / 1_000 + nanoseconds / 1e9;
}

/** Seconds since the epoch, or null for what is no RFC 3339 timestamp. */
export function rfc3339Seconds(text: string): number | null {
  const instant = rfc3339Instant(text);
  return instant === null ? null : secondsOf(instant);
}
