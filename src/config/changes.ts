import { isDeepStrictEqual } from 'node:util';
import { kindOfAction } from './fail2ban/action-kind.ts';
import type { Fail2banAction, Fail2banJail } from './fail2ban/types.ts';
import type { Configuration, Fail2banPart, JailConfiguration } from './schema.ts';

/** What a configuration that is read while the daemon runs comes to. */
export interface ConfigurationChanges {
  /** Jails that run from now on, and those that run no more: switched off, or taken out. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Of the jails that go on: which of their options are others. */
  readonly changed: ReadonlyMap<string, readonly string[]>;
  /** Options of the whole daemon that hold from now on, by their names in the file. */
  readonly options: readonly string[];
  /** Those that hold from the next start on. */
  readonly restart: readonly string[];
}

type Setting = Exclude<
  keyof Configuration,
  'jails' | 'apiJails' | 'filters' | 'fail2ban' | 'origin' | 'environmentJails'
>;

/** The options of the whole daemon, by their names in the file. */
const names: Readonly<Record<Setting, string>> = {
  defaults: 'defaults',
  enforce: 'enforce',
  listen: 'listen',
  api: 'api-listen, api-read-token or api-write-token',
  stateDir: 'state-dir',
  socket: 'socket',
  trustedProxies: 'trusted-proxies',
  protectSshPeers: 'protect-ssh-peers',
  docker: 'docker',
  labels: 'labels',
  dockerSocket: 'docker-socket',
  containerFiles: 'container-files',
  hostRoot: 'host-root',
  journalDirectory: 'journal-directory',
  kubernetesDirectory: 'kubernetes-directory',
  kubernetesNetworks: 'kubernetes-networks',
  kubernetesApi: 'kubernetes-node, kubernetes-api or kubernetes-service-account',
  syslogListen: 'syslog-listen',
  syslogFrom: 'syslog-from',
  filterDirectory: 'filter-directory',
  mail: 'mail-server, mail-password or mail-from',
  evidence: 'evidence',
  history: 'history',
  notifiers: 'notify',
  maxTracked: 'max-tracked',
  logLevel: 'log-level',
  logFormat: 'log-format',
  reloadOnChange: 'reload-on-change',
  timeZone: 'time-zone',
  fail2banLog: 'fail2ban.log',
  fail2banMetrics: 'fail2ban.metrics',
};

/** What the daemon is built from, once. */
const atStart = [
  'enforce',
  'stateDir',
  'socket',
  'logFormat',
  'fail2banMetrics',
] as const satisfies readonly Setting[];

/** What of it makes another configuration of the running one. */
export function configurationChanges(running: Configuration, wanted: Configuration): ConfigurationChanges {
  const before = enabledOf(running);
  const after = enabledOf(wanted);
  const stays = [...after.values()].filter(({ name }) => before.has(name));
  const changed = stays.map((jail) => [jail.name, optionsThatDiffer(before.get(jail.name), jail)] as const);
  const settings = (Object.keys(names) as Setting[]).filter((key) => differs(running, wanted, key));
  const isAtStart = (key: Setting): boolean => atStart.some((each) => each === key);
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: new Map(changed.filter(([, options]) => options.length > 0)),
    options: [
      ...settings.filter((key) => !isAtStart(key)).map((key) => names[key]),
      ...(running.fail2ban?.dir === wanted.fail2ban?.dir ? [] : ['fail2ban.dir']),
      ...fail2banDifferences(running.fail2ban, wanted.fail2ban),
    ],
    restart: settings.filter(isAtStart).map((key) => names[key]),
  };
}

/** The wanted configuration as it can run now: what the daemon was built from stays as it is. */
export function runnable(running: Configuration, wanted: Configuration): Configuration {
  return { ...wanted, ...Object.fromEntries(atStart.map((key) => [key, running[key]])) };
}

/** In sentences, for people. `filters`: those that were read anew and are others. */
export function describeChanges(changes: ConfigurationChanges, filters: Iterable<string>): string[] {
  const { added, removed, changed, options } = changes;
  return [
    ...added.map((name) => `jail ${name} runs`),
    ...removed.map((name) => `jail ${name} runs no more; its bans stay until their time is over`),
    ...[...changed].map(([name, which]) => `jail ${name}: ${which.join(', ')}`),
    ...[...filters].map((name) => `filter ${name} was read again`),
    ...options.map((option) => `${option} changed`),
  ];
}

function enabledOf({ jails }: Configuration): Map<string, JailConfiguration> {
  return new Map(jails.flatMap((jail) => (jail.enabled ? [[jail.name, jail] as const] : [])));
}

function optionsThatDiffer(before: JailConfiguration | undefined, after: JailConfiguration): string[] {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]) as Set<keyof JailConfiguration>;
  const different = [...keys].filter((key) => !isDeepStrictEqual(before?.[key], after[key]));
  return different.map((key) => jailOptionNames[key] ?? key);
}

/** Where an option of a jail is called otherwise in the file. */
const jailOptionNames: Readonly<Partial<Record<keyof JailConfiguration, string>>> = {
  increment: 'bantime.increment and its options',
  timeZone: 'time-zone',
};

function differs(running: Configuration, wanted: Configuration, key: Setting): boolean {
  return !isDeepStrictEqual(running[key], wanted[key]);
}

/** What of fail2ban's configuration runs beside its jails, and is another thing now. */
function fail2banDifferences(running: Fail2banPart | null, wanted: Fail2banPart | null): string[] {
  const none = { jails: new Map(), allowActions: false };
  const [before, after] = [running ?? none, wanted ?? none];
  return [
    ...(before.allowActions === after.allowActions ? [] : ['fail2ban.allow-actions']),
    ...(isDeepStrictEqual(allActsOf(before), allActsOf(after))
      ? []
      : ["actions or ignorecommand of fail2ban's jails"]),
  ];
}

function allActsOf({ jails, allowActions }: Pick<Fail2banPart, 'jails' | 'allowActions'>) {
  const acts = [...jails.values()].map((jail) => ({ name: jail.name, ...actsOf(jail, allowActions) }));
  return acts.filter(
    ({ actions, ignore }) => actions.length > 0 || ignore.some((text) => text !== undefined),
  );
}

/** What runs for a jail beside the bans themselves, without the places where it was written. */
export function actsOf({ actions, ignore: { command, cache } }: Fail2banJail, allowActions: boolean) {
  const runs = (action: Fail2banAction): boolean => {
    const is = kindOfAction(action);
    if (is.kind === 'mail') return true;
    return (
      allowActions && (is.kind === 'enforcement' ? is.runs : is.kind === 'command' || is.kind === 'report')
    );
  };
  return {
    actions: actions.filter(runs).map(({ label, commands, flags, properties }) => ({
      label,
      flags,
      texts: [...commands, ...properties].map(([key, { text }]) => [key, text]),
    })),
    ignore: allowActions ? [command?.text, cache?.text] : [],
  };
}
