import { type EffectiveValue, effective, fromDefaults } from './effective.ts';
import { jailShape } from './schema.ts';

/** A jail that a container's labels ask for, as the daemon has it. */
export interface LabelJail {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>> | null;
}

/** Its options, with whether they are as in `defaults`, which are among `values`. */
export function labelJailValues(
  { name, options }: LabelJail,
  values: readonly EffectiveValue[],
): EffectiveValue[] {
  const defaults = new Map(values.map((value) => [value.key, value]));
  return Object.keys(jailShape).map((key) => {
    const value = effective(`jails.${name}.${key}`, options?.[key], 'labels');
    const common = defaults.get(`defaults.${key}`);
    if (common?.text === value.text) return { ...value, origin: `${fromDefaults}${common.origin}` };
    return value.text === 'none' ? { ...value, origin: 'default' } : value;
  });
}
