import type { JailConfiguration } from '../config/schema.ts';

/** What no jail would still count is not worth reading. Seconds since the epoch. */
export function oldestOf(jails: readonly JailConfiguration[], now: number): number {
  return Math.max(0, now - Math.max(...jails.map((jail) => jail.findtime)));
}
