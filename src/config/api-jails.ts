import { join } from 'node:path';
import { BailiffError } from '../core/errors.ts';
import { sortIgnoreEntries } from '../core/ignore-entry.ts';
import { ConfigurationErrors } from './errors.ts';
import { readTextFile } from './file.ts';
import { decideJail, type JailLayers, problems, zoneConflicts } from './jails.ts';
import { readLayer } from './layer.ts';
import type { Configuration, JailConfiguration } from './schema.ts';
import { presentSources, type UsualSources } from './usual-sources.ts';

/** The options of a jail as they were given over the API, which bailiff.yaml would take as well. */
export type GivenOptions = Readonly<Record<string, unknown>>;

export interface ApiJails {
  /** All that were added and not removed since. */
  readonly stored: ReadonlyMap<string, GivenOptions>;
  /** Those of them that are among the jails: the configuration has none of the name, and nothing is wrong with them. */
  readonly names: ReadonlySet<string>;
  /** What is wrong with others, by name: they are left out, and nothing else stops for it. Of the whole file: under ''. */
  readonly problems: ReadonlyMap<string, readonly BailiffError[]>;
}

/** The file of these jails, in the state directory. */
export function apiJailsFile(stateDir: string): string {
  return join(stateDir, 'api-jails.json');
}

/** What the file holds. Never throws: a file that is no such thing is a problem of its own. */
export function readApiJails(stateDir: string): Pick<ApiJails, 'stored' | 'problems'> {
  const path = apiJailsFile(stateDir);
  try {
    const text = readTextFile(path);
    const given: unknown = text === null ? {} : JSON.parse(text);
    const jails = Object.entries(isMap(given) ? given : { given });
    const stored = jails.map(([name, options]): [string, GivenOptions] => {
      if (isMap(options)) return [name, options];
      throw new Error('it is no map of jails');
    });
    return { stored: new Map(stored), problems: new Map() };
  } catch (cause) {
    // Who may not look there runs no daemon: `check` and `config show` go by what is written for people.
    if (isForbidden(cause)) return { stored: new Map(), problems: new Map() };
    const reason = cause instanceof BailiffError ? cause.message : String(cause);
    const problem = new BailiffError('config-unreadable', `jails of the API are lost: ${reason}`, {
      where: path,
      remedy: 'Remove the file, and add them again.',
      cause,
    });
    return { stored: new Map(), problems: new Map([['', [problem]]]) };
  }
}

function isForbidden(error: unknown): boolean {
  const cause = error instanceof BailiffError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
}

function isMap(value: unknown): value is GivenOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Decides the jails that are stored, beside those that the configuration has. */
export function decideApiJails(
  { stored, problems: unread }: Pick<ApiJails, 'stored' | 'problems'>,
  configured: readonly JailConfiguration[],
  layers: ApiJailLayers,
): { readonly jails: readonly JailConfiguration[]; readonly apiJails: ApiJails } {
  const jails: JailConfiguration[] = [];
  const wrong = new Map(unread);
  for (const [name, options] of stored) {
    if (configured.some((jail) => jail.name === name)) continue;
    try {
      jails.push(decideApiJail(name, options, [...configured, ...jails], layers));
    } catch (error) {
      if (!(error instanceof ConfigurationErrors)) throw error;
      wrong.set(name, error.errors);
    }
  }
  return { jails, apiJails: { stored, names: new Set(jails.map(({ name }) => name)), problems: wrong } };
}

/** Those that judge nothing, since the configuration has a jail of the same name. */
export function shadowedJails({ stored, names, problems: wrong }: ApiJails): string[] {
  return [...stored.keys()].filter((name) => !names.has(name) && !wrong.has(name));
}

/** What jails of the API are decided from beside their own options. */
type ApiJailLayers = Omit<JailLayers, 'file' | 'fail2ban'>;

/**
 * A jail of options that were given over the API, read and checked as the file's are. `others`: those that it has to
 * get on with. @throws ConfigurationErrors with all that is wrong
 */
export function decideApiJail(
  name: string,
  options: GivenOptions,
  others: readonly JailConfiguration[],
  common: ApiJailLayers,
): JailConfiguration {
  const { layer, errors } = readLayer({ jails: { [name]: structuredClone(options) } }, () => 'api');
  if (errors.length > 0) throw new ConfigurationErrors(errors);
  const { files, commands } = sortIgnoreEntries(layer.jails.get(name)?.ignoreip ?? []);
  if (files.length + commands.length > 0) throw new ConfigurationErrors([outOfReach(name)]);
  const layers = { ...common, fail2ban: new Map(), file: layer };
  const jail = decided(name, layers);
  const conflicts = zoneConflicts([...others, jail], layers).filter((each) => each.jail === name);
  const wrong = [...(jail.enabled ? problems(jail, layers) : []), ...conflicts.map(({ error }) => error)];
  if (wrong.length > 0) throw new ConfigurationErrors(wrong);
  return jail;
}

/** A program would run as root, and what is wrong in a file is told. */
function outOfReach(name: string): BailiffError {
  return new BailiffError(
    'config-invalid',
    `jails.${name}.ignoreip: files and programs cannot be named over the API`,
    { where: 'api', remedy: 'Name addresses, ranges, host names or domains, or set it in bailiff.yaml.' },
  );
}

function decided(name: string, layers: JailLayers): JailConfiguration {
  try {
    return decideJail(name, layers);
  } catch (error) {
    throw error instanceof BailiffError ? new ConfigurationErrors([error]) : error;
  }
}

/** What a jail is decided from that comes to a configuration which runs. */
export function layersOf(configuration: Configuration): ApiJailLayers {
  const { defaults, filters, environmentJails, journalDirectory, syslogListen } = configuration;
  const { layer } = readLayer({}, () => 'environment');
  return {
    defaults,
    filters,
    environment: { layer: { ...layer, jails: environmentJails }, named: null, errors: [], variables: [] },
    usual: (logs: UsualSources) => presentSources(logs, journalDirectory),
    syslogListens: syslogListen.length > 0,
  };
}
