import type { Clock } from '../core/types.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { SlowExpression } from '../scan/slow-expression.ts';
import type { Log } from './log.ts';

/** Lines that an expression skips are all counted; of each expression one is logged in this time, in seconds. */
const pause = 10;

/** Counts and logs what the scanner tells of expressions that do not come to an end. */
export function slowExpressions(
  metrics: Pick<Metrics, 'expressionTimeouts'>,
  log: Log,
  clock: Clock,
): (slow: SlowExpression) => void {
  const logged = new Map<string, number>();
  const isDue = (key: string): boolean => {
    const now = clock.now();
    const since = now - (logged.get(key) ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back must not silence it.
    if (since >= 0 && since < pause) return false;
    logged.set(key, now);
    return true;
  };
  return (slow) => {
    const { what, filter, file, expression, ...more } = slow;
    const place = { filter, file, expression };
    if (what === 'skipped') {
      metrics.expressionTimeouts.inc({ filter, expression });
      if (!isDue(`${filter} ${expression}`)) return;
    }
    log[levels[what]]({ ...place, ...more }, sayings[what]);
  };
}

const levels = { stuck: 'error', skipped: 'warn', restrained: 'error', 'let off': 'info' } as const;

const sayings = {
  stuck: 'an expression does not come to an end on a line: its thread is started again',
  skipped: 'an expression did not come to an end on a line, which it is taken not to match',
  restrained: 'an expression repeatedly did not come to an end: it is run another way',
  'let off': 'an expression that was slow is run as it is written again',
} as const;
