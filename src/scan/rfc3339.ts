const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Neighbouring lines mostly are of the same second. */
let known = { text: '', ms: Number.NaN };

/** Seconds since the epoch, or null for what is no RFC 3339 timestamp (with upper-case letters, up to nanoseconds). */
export function rfc3339Seconds(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const whole = `${match[1]}${match[3]}`;
  if (whole !== known.text) known = { text: whole, ms: Date.parse(whole) };
  return Number.isNaN(known.ms) ? null : known.ms / 1_000 + Number(match[2] ?? 0);
}
