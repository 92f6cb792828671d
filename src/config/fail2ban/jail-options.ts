import { filterOptions } from './filter.ts';
import type { Interpolation } from './interpolate.ts';
import type { Place } from './place.ts';
import { TracedText } from './traced-text.ts';
import { parseFlag, parseInteger } from './values.ts';

type Kind = 'text' | 'flag' | 'integer';

/** One option of a jail; `otherwise` is its value where neither the jail nor DEFAULT sets it. */
interface Option {
  readonly name: string;
  readonly kind: Kind;
  readonly otherwise?: string;
}

/** What is read before the filter, whose options the others may refer to. */
export const earlyOptions: readonly Option[] = [
  { name: 'enabled', kind: 'flag', otherwise: 'False' },
  { name: 'backend', kind: 'text', otherwise: 'auto' },
  { name: 'filter', kind: 'text', otherwise: '' },
];

/** All options of a jail (jail.conf(5)), in the order in which fail2ban reads them. */
export const jailOptions: readonly Option[] = [
  { name: 'enabled', kind: 'flag', otherwise: 'False' },
  { name: 'backend', kind: 'text', otherwise: 'auto' },
  { name: 'maxretry', kind: 'integer' },
  { name: 'maxmatches', kind: 'integer' },
  { name: 'findtime', kind: 'text' },
  { name: 'bantime', kind: 'text' },
  { name: 'bantime.increment', kind: 'flag' },
  { name: 'bantime.factor', kind: 'text' },
  { name: 'bantime.formula', kind: 'text' },
  { name: 'bantime.multipliers', kind: 'text' },
  { name: 'bantime.maxtime', kind: 'text' },
  { name: 'bantime.rndtime', kind: 'text' },
  { name: 'bantime.overalljails', kind: 'flag' },
  { name: 'ignorecommand', kind: 'text' },
  { name: 'ignoreself', kind: 'flag' },
  { name: 'ignoreip', kind: 'text' },
  { name: 'ignorecache', kind: 'text' },
  { name: 'filter', kind: 'text', otherwise: '' },
  { name: 'logtimezone', kind: 'text' },
  { name: 'logencoding', kind: 'text' },
  { name: 'logpath', kind: 'text' },
  { name: 'action', kind: 'text', otherwise: '' },
  ...filterOptions.map((name): Option => ({ name, kind: name === 'maxlines' ? 'integer' : 'text' })),
];

/** Options that newer versions read, or that only others refer to: not those of Debian 12's, but of some. */
export const furtherOptions: readonly string[] = ['skip_if_nologs', 'port', 'protocol', 'chain'];

export interface OptionReading {
  readonly values: ReadonlyMap<string, TracedText>;
  /** Flags that are neither true nor false. */
  readonly unsure: readonly { readonly name: string; readonly value: TracedText }[];
}

/** Reads options of a jail. @throws BailiffError fail2ban-invalid */
export function readOptions(
  jail: string,
  at: Place,
  options: readonly Option[],
  interpolation: Interpolation,
): OptionReading {
  const values = new Map<string, TracedText>();
  const unsure: { name: string; value: TracedText }[] = [];
  for (const { name, kind, otherwise } of options) {
    const value = interpolation.get(jail, name);
    if (value === null) {
      if (otherwise !== undefined) values.set(name, TracedText.of(otherwise, at));
      continue;
    }
    if (kind === 'flag' && !parseFlag(value.text).sure) unsure.push({ name, value });
    values.set(name, typed(name, kind, value));
  }
  return { values, unsure };
}

/** The text of a value that Python has read and written: what a filter or an action gets to see of it. */
function typed(name: string, kind: Kind, value: TracedText): TracedText {
  if (kind === 'flag') return TracedText.of(parseFlag(value.text).value ? 'True' : 'False', value.at);
  if (kind === 'integer') return TracedText.of(String(parseInteger(name, value)), value.at);
  return value;
}
