import { isDeepStrictEqual } from 'node:util';
import { kindOfAction } from './fail2ban/action-kind.ts';
import type { Fail2banAction } from './fail2ban/types.ts';
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
  'listen',
  'api',
  'stateDir',
  'socket',
  'logFormat',
  'mail',
  'notifiers',
  'evidence',
  'history',
  'fail2banLog',
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
    ],
    restart: [
      ...settings.filter(isAtStart).map((key) => names[key]),
      ...fail2banDifferences(running.fail2ban, wanted.fail2ban),
    ],
  };
}

/** The wanted configuration as it can run now: what the daemon was built from stays as it is. */
export function runnable(running: Configuration, wanted: Configuration): Configuration {
  const { enforce, listen, stateDir, socket, logFormat, mail, notifiers, fail2banLog, evidence, history } =
    running;
  const { api, fail2banMetrics } = running;
  const { jails = new Map(), allowActions = false } = running.fail2ban ?? {};
  const { fail2ban } = wanted;
  return {
    ...wanted,
    ...{ enforce, listen, stateDir, socket, logFormat, mail, notifiers, fail2banLog, evidence, history },
    ...{ api, fail2banMetrics },
    fail2ban: fail2ban === null ? null : { ...fail2ban, jails, allowActions },
  };
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

/** What of fail2ban's configuration the daemon is built from. */
function fail2banDifferences(running: Fail2banPart | null, wanted: Fail2banPart | null): string[] {
  const none = { jails: new Map(), allowActions: false };
  const [before, after] = [running ?? none, wanted ?? none];
  const acts = isDeepStrictEqual(actsOf(before), actsOf(after));
  return [
    ...(before.allowActions === after.allowActions ? [] : ['fail2ban.allow-actions']),
    ...(acts ? [] : ["actions or ignorecommand of fail2ban's jails"]),
  ];
}

/** What runs beside the bans themselves, by jail, without the places where it was written. */
function actsOf({ jails, allowActions }: Pick<Fail2banPart, 'jails' | 'allowActions'>) {
  const runs = (action: Fail2banAction): boolean => {
    const is = kindOfAction(action);
    if (is.kind === 'mail') return true;
    return (
      allowActions && (is.kind === 'enforcement' ? is.runs : is.kind === 'command' || is.kind === 'report')
    );
  };
  const acts = [...jails.values()].map(({ name, actions, ignore: { command, cache } }) => ({
    name,
    actions: actions.filter(runs).map(({ label, commands, flags, properties }) => ({
      label,
      flags,
      texts: [...commands, ...properties].map(([key, { text }]) => [key, text]),
    })),
    ignore: allowActions ? [command?.text, cache?.text] : [],
  }));
  return acts.filter(
    ({ actions, ignore }) => actions.length > 0 || ignore.some((text) => text !== undefined),
  );
}
