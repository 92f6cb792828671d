/** Beyond this (ms) the two clocks below differ for another reason than rounding: the wall clock was set. */
const tolerance = 2;

let offset = performance.timeOrigin;

/**
 * The wall clock in ms since the epoch, with a fraction that Date.now() lacks. `performance.now()` alone would
 * go on from the time of the start: it follows no correction of the clock, and stands still while the machine is suspended.
 */
export function wallClockMs(): number {
  const precise = offset + performance.now();
  const drift = Date.now() - precise;
  if (Math.abs(drift) <= tolerance) return precise;
  offset += drift;
  return precise + drift;
}
