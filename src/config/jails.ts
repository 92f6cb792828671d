import type { BanIncrement } from '../core/ban-increment.ts';
import { BailiffError, orError } from '../core/errors.ts';
import { type FilterAbout, splitMode } from '../core/filter.ts';
import type { EnvironmentLayer } from './environment.ts';
import { modeName } from './filter-file.ts';
import type { FilterLibrary } from './filter-library.ts';
import type { Layer } from './layer.ts';
import { jailsVariable, jailVariable } from './option-names.ts';
import type { JailConfiguration, JailOptions, Limits } from './schema.ts';
import { quote } from './show.ts';
import { nearest } from './suggest.ts';
import { type UsualSources, usualInside, usualLogs } from './usual-sources.ts';

/** The jail of a configuration that names none: every host has an SSH door. */
export const builtInJail = 'sshd';

/** What the jails are decided from. */
export interface JailLayers {
  readonly file: Layer;
  readonly environment: EnvironmentLayer;
  /** What fail2ban's configuration says of its jails; their filters are beside `filters`. */
  readonly fail2ban: ReadonlyMap<string, JailOptions>;
  readonly defaults: Limits;
  readonly filters: FilterLibrary;
  /** What of a filter's usual logs a jail reads that names no source. */
  readonly usual: (logs: UsualSources) => UsualSources;
  /** Whether the syslog receiver is on. */
  readonly syslogListens: boolean;
}

export interface DecidedJails {
  readonly jails: readonly JailConfiguration[];
  readonly errors: readonly BailiffError[];
  /** Of jails that only fail2ban's configuration knows: they are left out, and nothing else stops for it. */
  readonly ofFail2ban: readonly BailiffError[];
}

/** Decides every jail; what cannot work is reported, each jail for itself. */
export function decideJails(layers: JailLayers): DecidedJails {
  const errors: BailiffError[] = [];
  const ofFail2ban: BailiffError[] = [];
  const jails: JailConfiguration[] = [];
  for (const name of jailNames(layers)) {
    const jail = orError(() => decideJail(name, layers));
    if (jail instanceof BailiffError) {
      errors.push(jail);
      continue;
    }
    const broken = layers.file.broken.has(name) || layers.environment.layer.broken.has(name);
    const wrong = jail.enabled && !broken ? problems(jail, layers) : [];
    if (wrong.length > 0 && isOnlyFail2bans(name, layers)) ofFail2ban.push(...wrong);
    else {
      errors.push(...wrong);
      jails.push(jail);
    }
  }
  const conflicts = zoneConflicts(jails, layers);
  errors.push(...conflicts.flatMap(({ jail, error }) => (isOnlyFail2bans(jail, layers) ? [] : error)));
  const dropped = conflicts.filter(({ jail }) => isOnlyFail2bans(jail, layers));
  ofFail2ban.push(...dropped.map(({ error }) => error));
  const kept = jails.filter(({ name }) => dropped.every(({ jail }) => jail !== name));
  return { jails: kept, errors, ofFail2ban };
}

function isOnlyFail2bans(name: string, { fail2ban, file, environment }: JailLayers): boolean {
  return fail2ban.has(name) && !file.jails.has(name) && !environment.layer.jails.has(name);
}

/** A file is read once, whatever the number of its jails: its dates are of one zone. The later jail is the one at fault. */
export function zoneConflicts(
  jails: readonly JailConfiguration[],
  layers: JailLayers,
): { readonly jail: string; readonly error: BailiffError }[] {
  const first = new Map<string, JailConfiguration>();
  const errors: { jail: string; error: BailiffError }[] = [];
  for (const jail of jails) {
    if (!jail.enabled || jail.timeZone === undefined) continue;
    for (const path of jail.logpath) {
      const other = first.get(path) ?? jail;
      first.set(path, other);
      if (other.timeZone !== jail.timeZone)
        errors.push({ jail: jail.name, error: zoneConflict(path, other, jail, layers) });
    }
  }
  return errors;
}

function zoneConflict(
  path: string,
  first: JailConfiguration,
  { name, timeZone }: JailConfiguration,
  layers: JailLayers,
): BailiffError {
  const problem = `jail ${quote(name)} reads ${path} with the zone ${timeZone}, and ${quote(first.name)} with ${first.timeZone}`;
  return new BailiffError('config-invalid', problem, {
    where: whereOf(name, null, layers),
    remedy: `Give both the same time-zone (${jailVariable(name, 'time-zone')}), or only one of them any.`,
  });
}

/**
 * fail2ban's jails, the file's and those of BAILIFF_JAILS, or where there are neither the built-in one; and each
 * to which the environment gives a filter or a source. No layer takes a jail of another away: a
 * variable set for one service must not end the protection of the next.
 */
function jailNames({ file, environment, fail2ban }: JailLayers): string[] {
  const named = [...fail2ban.keys(), ...file.jails.keys(), ...(environment.named ?? [])];
  const explicit = file.values.jails !== undefined || environment.named !== null || fail2ban.size > 0;
  const made = [...environment.layer.jails].flatMap(([name, options]) =>
    options.filter === undefined && isSourceless(options) ? [] : [name],
  );
  return [...new Set([...(explicit ? named : [builtInJail]), ...made])];
}

/** @throws BailiffError where the filter's file is not valid */
export function decideJail(name: string, layers: JailLayers): JailConfiguration {
  const fromFail2ban = layers.fail2ban.get(name) ?? {};
  const fromFile = layers.file.jails.get(name) ?? {};
  const fromEnvironment = layers.environment.layer.jails.get(name) ?? {};
  const asked = layers.environment.named?.includes(name) === true;
  const options = [
    fromFail2ban,
    fromFile,
    asked ? { enabled: true } : {},
    fromEnvironment,
  ].reduce<JailOptions>(over, {});
  // A list only adds, also to what a lower layer says: who is spared somewhere must not be lost by one more entry.
  const layered = [fromFail2ban, fromFile, fromEnvironment].map((each) => each.ignoreip);
  const ignoreip = [...new Set(layered.flatMap((list) => list ?? []))];
  const about = layers.filters.about(options.filter ?? name);
  const usual = isSourceless(options) ? layers.usual(usualLogs(about)) : {};
  return jailOf(name, { ...options, ...usual, ignoreip }, layers.defaults, about);
}

/**
 * A jail of its options, with everything that is not set taken from what its filter says of its jails, then from the
 * defaults. `about`: of its filter; null where that is none of ours.
 */
export function jailOf(
  name: string,
  options: JailOptions,
  common: Limits,
  about: FilterAbout | null,
): JailConfiguration {
  const defaults = { ...common, ...limitsOf(about) };
  const increment = incrementOf(options, defaults.increment);
  const usual = options.bantime === undefined ? defaults.bantime : options.bantime;
  const [first = usual] = increment.enabled ? increment.times : [];
  const container = options.container ?? [];
  return {
    name,
    enabled: options.enabled ?? true,
    filter: modeName(options.filter ?? name, about, options.mode ?? null),
    logpath: options.logpath ?? [],
    container,
    inside: options.inside ?? (container.length > 0 ? usualInside(about) : []),
    journal: options.journal ?? [],
    kubernetes: options.kubernetes ?? [],
    syslog: options.syslog ?? [],
    bans: options.bans ?? [],
    ranges: options.ranges ?? null,
    maxretry: options.maxretry ?? defaults.maxretry,
    findtime: options.findtime ?? defaults.findtime,
    bantime: first,
    increment,
    // A jail's own list only adds: who is ignored everywhere is never locked out by one jail.
    ignoreip: [...new Set([...defaults.ignoreip, ...(options.ignoreip ?? [])])],
    action: options.action ?? defaults.action,
    ports: options.ports ?? defaults.ports,
    encoding: options.encoding ?? defaults.encoding,
    ...(options['time-zone'] === undefined ? {} : { timeZone: options['time-zone'] }),
  };
}

function incrementOf(options: JailOptions, defaults: BanIncrement): BanIncrement {
  const own = options['bantime.times'];
  const listed = own !== undefined && own.length > 0;
  return {
    enabled: options['bantime.increment'] ?? (listed || defaults.enabled),
    times: own ?? defaults.times,
    factor: options['bantime.factor'] ?? defaults.factor,
    formula: options['bantime.formula'] ?? defaults.formula,
    multipliers: options['bantime.multipliers'] ?? defaults.multipliers,
    maxtime: options['bantime.maxtime'] ?? defaults.maxtime,
    rndtime: options['bantime.rndtime'] ?? defaults.rndtime,
    overalljails: options['bantime.overalljails'] ?? defaults.overalljails,
    forget: options['bantime.forget'] ?? defaults.forget,
  };
}

/** What a filter says of its jails. */
function limitsOf(about: FilterAbout | null): Partial<Limits> {
  const { maxretry, findtime, bantime } = about?.jail ?? {};
  return {
    ...(maxretry === undefined ? {} : { maxretry }),
    ...(findtime === undefined ? {} : { findtime }),
    ...(bantime === undefined ? {} : { bantime }),
  };
}

/** The options that give this jail again; limits that the defaults give as well are the same ones. */
export function optionsOf({ increment, timeZone, ranges, ...jail }: JailConfiguration): JailOptions {
  const { maxtime, rndtime } = increment;
  const { filter, mode } = splitMode(jail.filter);
  return {
    ...jail,
    filter,
    ...(mode === null ? {} : { mode }),
    ...(ranges === null ? {} : { ranges }),
    'bantime.increment': increment.enabled,
    'bantime.times': increment.times,
    'bantime.factor': increment.factor,
    'bantime.formula': increment.formula,
    'bantime.multipliers': increment.multipliers,
    ...(maxtime === null ? {} : { 'bantime.maxtime': maxtime }),
    ...(rndtime === 0 ? {} : { 'bantime.rndtime': rndtime }),
    'bantime.overalljails': increment.overalljails,
    'bantime.forget': increment.forget,
    ...(timeZone === undefined ? {} : { 'time-zone': timeZone }),
  };
}

function isSourceless(options: JailOptions): boolean {
  return sourceKeys.every((key) => options[key] === undefined);
}

/** A layer over those below it. Who says a ban time means that one, and no list of a layer below. */
export function over(below: JailOptions, above: JailOptions): JailOptions {
  const set = setOptions(above);
  return { ...below, ...(set.bantime === undefined ? {} : { 'bantime.times': [] }), ...set };
}

/** Without the keys that are there and undefined, which would hide an earlier layer's value. */
export function setOptions(options: JailOptions): JailOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

export function problems(jail: JailConfiguration, layers: JailLayers): BailiffError[] {
  const reads = logKeys.some((key) => jail[key].length > 0);
  const { filter } = splitMode(jail.filter);
  const known = layers.filters.has(filter) || layers.fail2ban.get(jail.name)?.filter === filter;
  if (!known && (reads || jail.bans.length === 0)) {
    return [unknownFilter(jail.name, filter, layers.filters.names, whereOf(jail.name, 'filter', layers))];
  }
  const noMode = modeProblem(jail, layers.filters, whereOf(jail.name, 'mode', layers));
  return [...(noMode === null ? [] : [noMode]), ...sourceProblems(jail, layers)];
}

/** The error of a jail whose filter has not the mode that it names; null: all is well. */
export function modeProblem(
  { name, filter: named }: JailConfiguration,
  filters: FilterLibrary,
  where: string,
): BailiffError | null {
  const { filter, mode } = splitMode(named);
  const { modes = [] } = filters.about(filter) ?? {};
  if (mode === null || modes.includes(mode)) return null;
  const problem = `jail ${quote(name)}: the filter ${filter} has no mode ${quote(mode)}`;
  const remedy = modes.length === 0 ? 'It has no modes.' : `Its modes: ${modes.join(', ')}.`;
  return new BailiffError('filter-mode', problem, { where, remedy });
}

function sourceProblems(jail: JailConfiguration, layers: JailLayers): BailiffError[] {
  if (jail.ranges !== null && jail.bans.length === 0) return [rangesOfNoBans(jail, layers)];
  if (jail.inside.length > 0 && jail.container.length === 0) return [fileOfNoContainer(jail, layers)];
  if (!sourceKeys.every((key) => jail[key].length === 0)) return syslogProblems(jail, layers);
  return [
    new BailiffError('config-no-source', `jail ${quote(jail.name)} has nothing to read`, {
      where: whereOf(jail.name, null, layers),
      remedy: `Set logpath, container or journal (${jailVariable(jail.name, 'logpath')} …).`,
    }),
  ];
}

const logKeys = ['logpath', 'container', 'journal', 'kubernetes', 'syslog'] as const;
const sourceKeys = [...logKeys, 'bans'] as const;

function fileOfNoContainer({ name }: JailConfiguration, layers: JailLayers): BailiffError {
  return new BailiffError(
    'config-no-source',
    `jail ${quote(name)} reads a file inside containers, but names none`,
    {
      where: whereOf(name, 'inside', layers),
      remedy: `Set container (${jailVariable(name, 'container')}), or logpath for a file of the host.`,
    },
  );
}

function rangesOfNoBans({ name }: JailConfiguration, layers: JailLayers): BailiffError {
  const problem = `jail ${quote(name)} counts by ranges, but no bans`;
  return new BailiffError('config-no-source', problem, {
    where: whereOf(name, 'ranges', layers),
    remedy: `Set bans (${jailVariable(name, 'bans')}), for example to '*'.`,
  });
}

/** A jail that waits for messages to a receiver that is off would protect nobody without a word. */
function syslogProblems(jail: JailConfiguration, layers: JailLayers): BailiffError[] {
  if (jail.syslog.length === 0 || layers.syslogListens) return [];
  return [
    new BailiffError(
      'config-no-source',
      `jail ${quote(jail.name)} reads syslog, but nothing listens for it`,
      {
        where: whereOf(jail.name, 'syslog', layers),
        remedy: 'Set syslog-listen (BAILIFF_SYSLOG_LISTEN), for example to udp://127.0.0.1:5514.',
      },
    ),
  ];
}

/** The error of a jail whose filter does not exist. */
export function unknownFilter(
  jail: string,
  filter: string,
  filters: readonly string[],
  where: string,
): BailiffError {
  const near = nearest(filter, filters);
  return new BailiffError(
    'config-unknown-jail',
    `jail ${quote(jail)}: no filter is called ${quote(filter)}`,
    {
      where,
      remedy: near === null ? `Filters: ${filters.join(', ') || 'none'}.` : `Did you mean "${near}"?`,
    },
  );
}

/** Where a jail, or one option of it, was written: the last layer that did. */
function whereOf(
  name: string,
  option: 'filter' | 'mode' | 'syslog' | 'inside' | 'ranges' | null,
  { file, environment }: JailLayers,
): string {
  const inEnvironment = environment.layer.jails.get(name);
  if (option !== null && inEnvironment?.[option] !== undefined) return jailVariable(name, option);
  const inFile = file.jails.get(name);
  if (option !== null && inFile?.[option] !== undefined) return file.where(['jails', name, option]);
  if (environment.named?.includes(name) === true) return jailsVariable;
  if (inFile !== undefined) return file.where(['jails', name], 'key');
  return environment.layer.where(['jails', name]);
}
