import { ConfigurationErrors } from '../config/errors.ts';
import { loadAllModes, loadFilter } from '../config/filters.ts';
import { type LoadOptions, loadConfiguration } from '../config/load.ts';
import { withoutPassword } from '../config/mail.ts';
import { type NotifierConfiguration, publicNotifier } from '../config/notify-options.ts';
import type { Configuration, JailConfiguration } from '../config/schema.ts';
import { countsOnlyBans, describeSources } from '../config/show-sources.ts';
import { formatDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { type FilterDefinition, splitMode } from '../core/filter.ts';
import { formatPorts, plainPolicy, policyOf } from '../core/policy.ts';
import { ignoreProblems } from '../host/ignore-file.ts';
import { risksOf } from '../scan/risks.ts';
import { checkSamples } from '../scan/samples.ts';
import { jsonText } from './printable.ts';

export interface CheckOptions extends LoadOptions {
  readonly json?: boolean;
  /** Takes one line, or one JSON value, without its line end. */
  readonly print: (text: string) => void;
}

/** `bailiff check`: prints what the configuration comes to, or everything that is wrong with it or with a filter. Returns the exit code. */
export async function check({ json = false, print, ...options }: CheckOptions): Promise<0 | 1> {
  try {
    const configuration = await loadConfiguration(options);
    const filters = await filtersOf(configuration);
    const wrong = filters.flatMap(checkSamples);
    if (wrong.length > 0) throw new ConfigurationErrors(wrong);
    const { fail2ban } = configuration;
    const warnings = [
      ...[...filters, ...(fail2ban?.filters ?? [])].flatMap(risksOf),
      ...(await ignoreProblems(ignored(configuration))),
    ];
    const problems = problemsOf(configuration);
    const remarks = fail2ban?.remarks ?? [];
    const ok = problems.length === 0;
    if (json) {
      const errors = problems.map(jsonError);
      print(jsonText({ ok, ...publicForm(configuration), errors, warnings, remarks }));
    } else {
      for (const line of describeConfiguration(configuration)) print(line);
      for (const problem of problems) printError(problem, print);
      for (const remark of remarks) print(`note: ${remark}`);
      for (const warning of warnings) print(`warning: ${warning}`);
    }
    return ok ? 0 : 1;
  } catch (error) {
    const errors = error instanceof ConfigurationErrors ? error.errors : [error];
    if (!errors.every((each) => each instanceof BailiffError)) throw error;
    if (json) print(jsonText({ ok: false, errors: errors.map(jsonError) }));
    else for (const each of errors) printError(each, print);
    return 1;
  }
}

/** Everything that stands in an ignore list. */
function ignored({ defaults, jails }: Configuration): readonly string[] {
  return [defaults, ...jails].flatMap(({ ignoreip }) => ignoreip);
}

/** Those of jails, and all of the owner's. Of the shipped ones that nobody uses nothing need be said. */
async function filtersOf({
  jails,
  filters,
  fail2ban,
  filterDirectory,
}: Configuration): Promise<FilterDefinition[]> {
  const own = await loadAllModes([filterDirectory]);
  const told = new Set([...own, ...(fail2ban?.filters ?? [])].map(({ name }) => name));
  const used = new Set(jails.filter(({ enabled }) => enabled).map(({ filter }) => filter));
  // A jail of bans has no filter, and one of fail2ban's has its own.
  const shipped = [...used].filter((name) => !told.has(name) && filters.has(splitMode(name).filter));
  return [
    ...own,
    ...shipped.map((name) => loadFilter(filters.definition(name).file ?? name, splitMode(name).mode)),
  ];
}

/** What is left out, and stops nothing else. */
function problemsOf({ fail2ban, apiJails }: Configuration): readonly BailiffError[] {
  return [...(fail2ban?.problems ?? []), ...[...apiJails.problems.values()].flat()];
}

function printError(error: BailiffError, print: CheckOptions['print']): void {
  for (const line of error.describe().split('\n')) print(line);
}

function publicForm({
  environmentJails: _,
  apiJails: __,
  api,
  fail2ban,
  filters,
  mail,
  notifiers,
  ...configuration
}: Configuration) {
  const { dir = null, allowActions = false } = fail2ban ?? {};
  return {
    ...configuration,
    api: api === null ? null : { listen: api.listen, writes: api.writeToken !== null },
    mail: { ...mail, server: withoutPassword(mail.server) },
    notifiers: notifiers.map(publicNotifier),
    filters: filters.names,
    fail2ban: dir === null ? null : { dir, allowActions },
  };
}

function jsonError({ code, where, message, remedy }: BailiffError) {
  return { code, where: where ?? null, message, remedy: remedy ?? null };
}

function describeConfiguration(configuration: Configuration): string[] {
  const { jails, origin, enforce, listen } = configuration;
  const left = problemsOf(configuration).length;
  const read = origin.length === 0 ? 'built-in defaults only' : origin.join(', ');
  const on = jails.filter((jail) => jail.enabled).length;
  return [
    `${left === 0 ? 'The configuration is valid' : `Errors: ${left} (below); the rest is valid`}: ${on} of ${jails.length} jails on; read from ${read}.`,
    `enforce ${enforce}; listen ${listen === null ? 'off' : `${listen.host}:${listen.port}`}`,
    describeLabels(configuration),
    ...jails.map(describeJail),
    ...configuration.notifiers.map(describeNotifier),
  ];
}

/** Jails that no configuration names may come of them: whom they let in, and what they shut. */
function describeLabels({ docker, labels: { heeded, ports } }: Configuration): string {
  if (!docker || !heeded) return 'labels of containers: not heeded';
  const shut =
    ports === 'published' ? "the container's own ports" : ports === 'all' ? 'all ports' : formatPorts(ports);
  return `labels of containers: heeded; what they ask for shuts ${shut}`;
}

function describeNotifier({ name, way, jails, kinds, group }: NotifierConfiguration): string {
  return `notifier ${name}: ${way.type}; tells of ${kinds.join(', ') || 'nothing'} of ${jails.join(', ')}, a message in ${formatDuration(group)}`;
}

function describeJail(jail: JailConfiguration): string {
  if (!jail.enabled) return `${jail.name}: off`;
  const sources = describeSources(jail);
  const how = policyOf(jail.action, jail.ports, jail.name);
  const counted = jail.ranges === null ? jail.maxretry : `${jail.maxretry} addresses of one range`;
  const limits = `${counted} in ${formatDuration(jail.findtime)}, ban ${describeTimes(jail)}${how === plainPolicy ? '' : ` (${how})`}`;
  const ignored = jail.ignoreip.length === 0 ? '' : `; ignores ${jail.ignoreip.join(', ')}`;
  const from = countsOnlyBans(jail)
    ? `counts ${sources.join(', ')}`
    : `filter ${jail.filter}; reads ${sources.join(', ')}`;
  return `${jail.name}: ${from}; ${limits}${ignored}`;
}

/** `for 10m`, `for 10m, longer each time`, `for 10m, 1h, then for ever`. */
function describeTimes({ bantime, increment: { enabled, times, maxtime } }: JailConfiguration): string {
  const first = bantime === null ? 'for ever' : `for ${formatDuration(bantime)}`;
  if (!enabled || (bantime === null && times.length === 0)) return first;
  const most = maxtime === null ? '' : `, at most ${formatDuration(maxtime)}`;
  const [, ...later] = times.map(formatDuration);
  if (times.length === 0) return `${first}, longer each time${most}`;
  return [first, ...later.slice(0, -1), ...later.slice(-1).map((last) => `then ${last}`)].join(', ') + most;
}
