import { formatPorts } from '../core/policy.ts';
import { formatJournalMatch } from './journal-match.ts';
import type { JailOptions } from './schema.ts';

const usualEncoding = 'utf-8';
/** What the directory gives the jail as well, or every jail has. */
const implied: ReadonlySet<string> = new Set(['enabled', 'filter']);
const durations: ReadonlySet<string> = new Set(['findtime', 'bantime', 'bantime.maxtime', 'bantime.rndtime']);

/** The options of a jail as people write them in bailiff.yaml. */
export function writtenOptions(options: JailOptions): Record<string, unknown> {
  const grows = options['bantime.increment'] === true;
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => {
      if (value === undefined || implied.has(key) || value === usualEncoding) return [];
      if (key.startsWith('bantime.') && !grows) return [];
      if (Array.isArray(value) && value.length === 0) return [];
      return [[key, written(key as keyof JailOptions, value, options)]];
    }),
  );
}

function written(key: keyof JailOptions, value: unknown, options: JailOptions): unknown {
  if (durations.has(key)) return value === null ? -1 : durationText(Number(value));
  if (key === 'journal') return formatJournalMatch(options.journal ?? []);
  if (key === 'ports') return typeof options.ports === 'object' ? formatPorts(options.ports) : value;
  return value;
}

/** Exactly as long: `10m`, `36h`, `90s`, in the largest unit that it is whole in. */
export function durationText(seconds: number): string | number {
  for (const [unit, size] of [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return seconds;
}
