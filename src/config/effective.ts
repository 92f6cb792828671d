import type { RangePrefixes } from '../core/address.ts';
import { formatDuration } from '../core/duration.ts';
import { formatPorts, type PortRange } from '../core/policy.ts';
import { inItsPlace, shownNotifier } from './effective-notifiers.ts';
import type { FilterLibrary } from './filter-library.ts';
import { optionsOf } from './jails.ts';
import { formatJournalMatch, type JournalMatch } from './journal-match.ts';
import { type LoadOptions, loadConfiguration, readAllLayers } from './load.ts';
import { withoutPassword } from './mail.ts';
import type { NotifierConfiguration } from './notify-options.ts';
import { jailsVariable } from './option-names.ts';
import { picker } from './picker.ts';
import {
  type Configuration,
  defaultsShape,
  fail2banShape,
  globalShape,
  type JailConfiguration,
  type JailOptions,
  jailShape,
  type LayerValues,
  optionEntries,
} from './schema.ts';
import { formatPrefixes } from './show-sources.ts';

/** An option as it holds, wherever it comes from. */
export interface EffectiveValue {
  /** `enforce`, `defaults.bantime`, `jails.sshd.logpath`. */
  readonly key: string;
  /** null: none. Times in seconds, where `for ever` is null too. */
  readonly value: unknown;
  /** The same for people. */
  readonly text: string;
  /** `default`, `FILE:LINE:COLUMN`, a variable, `fail2ban DIR`, `filter NAME`; several where a list is put together. */
  readonly origin: string;
}

type Layers = Awaited<ReturnType<typeof readAllLayers>>;

const builtIn = 'default';
/** What a jail takes from `defaults` begins its origin with this. */
export const fromDefaults = 'defaults: ';

/**
 * Every option of the configuration with its value and where that comes from; jails that labels ask for aside, which
 * the daemon alone knows. @throws ConfigurationErrors as `loadConfiguration`
 */
export async function effectiveValues(options: LoadOptions): Promise<EffectiveValue[]> {
  const configuration = await loadConfiguration(options);
  const layers = await readAllLayers(options);
  const { environment, file } = layers;
  const pick = picker([environment.layer.values, file.layer.values, layers.builtIn]);
  const globals = keysOf(globalShape).map((key) => {
    if (key === 'docker-socket') return engineValue(configuration, layers);
    return effective(key, shownGlobal(key, pick.anywhere(key)), originIn(layers, [key]));
  });
  const defaults = keysOf(defaultsShape).map((key) => {
    const value = decidedDefault(key, configuration) ?? pick.anyDefault(key);
    return effective(`defaults.${key}`, value, originOfDefault(layers, key));
  });
  const fail2ban = keysOf(fail2banShape).map((key) =>
    effective(`fail2ban.${key}`, pick.fail2ban(key), originIn(layers, ['fail2ban', key])),
  );
  return [
    ...globals,
    ...defaults,
    ...fail2ban,
    ...configuration.jails.flatMap((jail) => jailValues(jail, layers, configuration)),
    ...configuration.notifiers.flatMap((notifier) => notifierValues(notifier, layers)),
  ];
}

/** What more than one option decides. */
function decidedDefault(key: keyof typeof defaultsShape, { defaults }: Configuration): unknown {
  const { ignoreip, increment } = defaults;
  switch (key) {
    case 'ignoreip':
      return ignoreip;
    case 'bantime.increment':
      return increment.enabled;
    case 'bantime.times':
      return increment.times;
    case 'bantime.forget':
      return increment.forget;
    default:
      return undefined;
  }
}

function keysOf<Shape extends object>(shape: Shape): (keyof Shape & string)[] {
  return Object.keys(shape) as (keyof Shape & string)[];
}

/** Passwords and tokens are nobody's to see. */
function shownGlobal(key: keyof typeof globalShape, value: unknown): unknown {
  if (key === 'mail-server') return withoutPassword(String(value));
  const isSecret = optionEntries.get(globalShape[key].def.innerType)?.secret === true;
  return isSecret && value !== undefined ? '(not shown)' : value;
}

function engineValue({ dockerSocket, origin }: Configuration, layers: Layers): EffectiveValue {
  const set = originIn(layers, ['docker-socket']);
  const fallback = origin.includes('DOCKER_HOST') ? 'DOCKER_HOST' : builtIn;
  return effective('docker-socket', dockerSocket, set === builtIn ? fallback : set);
}

/** Where an option of the whole daemon was set. */
function originIn({ environment, file }: Layers, path: readonly string[]): string {
  for (const { values, where } of [environment.layer, file.layer]) {
    if (isSet(values, path)) return where(path);
  }
  return builtIn;
}

function isSet(values: LayerValues, path: readonly string[]): boolean {
  let value: unknown = values;
  for (const key of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value !== undefined;
}

function originOfDefault(layers: Layers, key: string): string {
  const origin = originIn(layers, ['defaults', key]);
  const { fail2ban } = layers;
  if (key !== 'ignoreip' || fail2ban === null || fail2ban.ignored.length === 0) return origin;
  return [...(origin === builtIn ? [] : [origin]), `fail2ban ${fail2ban.part.dir}`].join(', ');
}

function jailValues(jail: JailConfiguration, layers: Layers, configuration: Configuration): EffectiveValue[] {
  const options = optionsOf(jail);
  return keysOf(jailShape).map((key) =>
    effective(`jails.${jail.name}.${key}`, options[key], originOfJails(jail, key, layers, configuration)),
  );
}

function notifierValues(notifier: NotifierConfiguration, layers: Layers): EffectiveValue[] {
  const { name } = notifier;
  return shownNotifier(notifier).map(([key, value]) => {
    const origin = originIn(layers, ['notify', name, key]);
    const other = origin === builtIn ? inItsPlace[key] : undefined;
    const from = other === undefined ? origin : `${other}: ${originIn(layers, [other])}`;
    return effective(`notify.${name}.${key}`, value, from);
  });
}

function originOfJails(
  jail: JailConfiguration,
  key: keyof JailOptions & string,
  layers: Layers,
  { apiJails, filters }: Configuration,
): string {
  const { environment, file, fail2ban } = layers;
  const set: string[] = [];
  const path = ['jails', jail.name, key];
  if (environment.layer.jails.get(jail.name)?.[key] !== undefined) set.push(environment.layer.where(path));
  else if (key === 'enabled' && environment.named?.includes(jail.name) === true) set.push(jailsVariable);
  if (file.layer.jails.get(jail.name)?.[key] !== undefined) set.push(file.layer.where(path));
  if (fail2ban?.options.get(jail.name)?.[key] !== undefined) set.push(`fail2ban ${fail2ban.part.dir}`);
  if (apiJails.names.has(jail.name) && Object.hasOwn(apiJails.stored.get(jail.name) ?? {}, key))
    set.push('api');
  // Of a list all that was said counts.
  if (key === 'ignoreip') return [...set, `${fromDefaults}${originOfDefault(layers, key)}`].join(', ');
  return set[0] ?? originUnset(jail, key, layers, filters);
}

/** Where a value comes from that nobody has set for the jail itself. */
function originUnset(
  jail: JailConfiguration,
  key: keyof JailOptions & string,
  layers: Layers,
  filters: FilterLibrary,
): string {
  const [name = jail.filter] = jail.filter.split('[');
  const about = filters.about(name);
  if (Object.hasOwn(about?.jail ?? {}, key)) return `filter ${name}`;
  if (Object.hasOwn(defaultsShape, key)) return `${fromDefaults}${originOfDefault(layers, key)}`;
  const usual = ['logpath', 'journal', 'inside'].some((each) => each === key);
  const value = optionsOf(jail)[key];
  return usual && Array.isArray(value) && value.length > 0 ? `filter ${name}` : builtIn;
}

const durations = [
  ...['.bantime', '.findtime', '.bantime.maxtime', '.bantime.rndtime', '.bantime.forget'],
  ...['.group', '.dedupe'],
];

/** `value` as JSON has it does as well. */
export function effective(key: string, value: unknown, origin: string): EffectiveValue {
  return { key, value: value ?? null, text: textOf(key, value), origin };
}

function textOf(key: string, value: unknown): string {
  if (value === null) return key.endsWith('listen') ? 'off' : 'for ever';
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  if (durations.some((name) => key.endsWith(name))) return formatDuration(Number(value));
  if (key.endsWith('.bantime.times')) return (value as (number | null)[]).map(formatDuration).join(', ');
  if (key.endsWith('.ranges')) return formatPrefixes(value as RangePrefixes);
  if (key.endsWith('.journal')) return formatJournalMatch(value as JournalMatch);
  if (key.endsWith('.ports') && Array.isArray(value)) return formatPorts(value as PortRange[]);
  if (Array.isArray(value)) return value.map(elementText).join(', ');
  if (typeof value === 'object') {
    const { host, port } = value as { host: string; port: number };
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }
  return String(value);
}

/** Of listeners for syslog: as they were written. */
function elementText(element: unknown): string {
  return typeof element === 'object' ? (element as { text: string }).text : String(element);
}
