import { usualForget } from '../core/ban-increment.ts';
import { BailiffError } from '../core/errors.ts';
import { decideApi } from './api.ts';
import { decideApiJails, readApiJails } from './api-jails.ts';
import { type EnvironmentLayer, readEnvironment } from './environment.ts';
import { ConfigurationErrors } from './errors.ts';
import { type Fail2banLayer, readFail2banLayer } from './fail2ban-layer.ts';
import { readFileLayer } from './file-layer.ts';
import { FilterLibrary } from './filter-library.ts';
import { findFilters } from './filters.ts';
import { builtInJail, decideJails, type JailLayers } from './jails.ts';
import { kubernetesApi } from './kubernetes-api.ts';
import type { Layer } from './layer.ts';
import { mailServer } from './mail.ts';
import { decideNotifiers } from './notify.ts';
import { builtInLayer, picker } from './picker.ts';
import { engineAddress } from './readers.ts';
import type { Configuration, LayerValues } from './schema.ts';
import { readSecretFiles } from './secret-files.ts';
import { presentSources, type UsualSources } from './usual-sources.ts';

export interface LoadOptions {
  /** What --config named. */
  readonly file?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The files of the shipped filters, by name. Those in the filter directory are found here. */
  readonly knownFilters: ReadonlyMap<string, string>;
  /** What of a filter's usual logs a jail reads that names no source; by default what is found on this machine. */
  readonly usual?: JailLayers['usual'];
}

/**
 * The configuration of built-in defaults, file and environment, the later winning.
 * @throws ConfigurationErrors with every error there is
 */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const { file, unread, builtIn, filters, environment, fail2ban } = await readAllLayers(options);
  const errors = [...file.errors, ...unread];
  // What a broken file would have named cannot be told from a slip of the pen.
  errors.push(...environment.errors.filter(({ code }) => file.readable || code !== 'config-unknown-jail'));
  const pick = picker([environment.layer.values, file.layer.values, builtIn]);
  const times = banTimesOf([environment.layer.values, file.layer.values]);
  const defaults = {
    maxretry: pick.fallback('maxretry'),
    findtime: pick.fallback('findtime'),
    bantime: pick.fallback('bantime'),
    increment: {
      enabled: pick.anyDefault('bantime.increment') ?? times.length > 0,
      times,
      factor: pick.fallback('bantime.factor'),
      formula: pick.fallback('bantime.formula'),
      multipliers: pick.fallback('bantime.multipliers'),
      maxtime: pick.anyDefault('bantime.maxtime') ?? null,
      rndtime: pick.anyDefault('bantime.rndtime') ?? 0,
      overalljails: pick.fallback('bantime.overalljails'),
      forget: pick.anyDefault('bantime.forget') ?? fail2ban?.part.purgeAge ?? usualForget,
    },
    // Whom fail2ban's DEFAULT spares is spared by every jail, and by hand.
    ignoreip: [...new Set([...pick.fallback('ignoreip'), ...(fail2ban?.ignored ?? [])])],
    action: pick.fallback('action'),
    ports: pick.fallback('ports'),
    encoding: pick.fallback('encoding'),
  };
  const journal = pick.anywhere('journal-directory');
  const usual = options.usual ?? ((logs: UsualSources) => presentSources(logs, journal));
  const syslogListen = pick.option('syslog-listen');
  const syslogListens = syslogListen.length > 0;
  const layers = {
    file: file.layer,
    environment,
    fail2ban: fail2ban?.options ?? new Map(),
    defaults,
    filters,
    usual,
    syslogListens,
  };
  const decided = decideJails(layers);
  if (file.readable) errors.push(...decided.errors);
  const api = decideApi([file.layer, environment.layer]);
  if (api instanceof BailiffError) errors.push(api);
  const server = mailServer(pick.option('mail-server'), pick.anywhere('mail-password'));
  if (server instanceof BailiffError) errors.push(server);
  const mail = { server: server instanceof BailiffError ? '' : server, from: pick.option('mail-from') };
  const notifiers = decideNotifiers([file.layer, environment.layer], mail);
  errors.push(...notifiers.errors);
  const cluster = kubernetesApi(
    {
      node: pick.anywhere('kubernetes-node'),
      server: pick.anywhere('kubernetes-api'),
      serviceAccount: pick.option('kubernetes-service-account'),
    },
    options.environment,
  );
  if (cluster instanceof BailiffError) errors.push(cluster);
  if (
    errors.length > 0 ||
    server instanceof BailiffError ||
    api instanceof BailiffError ||
    cluster instanceof BailiffError
  )
    throw new ConfigurationErrors(errors);
  const added = decideApiJails(readApiJails(pick.option('state-dir')), decided.jails, layers);
  const zone = pick.anywhere('time-zone');
  const engine = dockerSocket(pick.anywhere('docker-socket'), options.environment['DOCKER_HOST']);
  return {
    jails: [...decided.jails, ...added.jails],
    apiJails: added.apiJails,
    defaults,
    enforce: pick.option('enforce'),
    listen: pick.option('listen'),
    api,
    stateDir: pick.option('state-dir'),
    socket: pick.option('socket'),
    trustedProxies: pick.option('trusted-proxies'),
    protectSshPeers: pick.option('protect-ssh-peers'),
    docker: pick.option('docker'),
    labels: {
      heeded: pick.option('labels'),
      containers: pick.option('label-containers'),
      jails: pick.option('label-jails'),
      options: pick.option('label-options'),
      ports: pick.option('label-ports'),
    },
    dockerSocket: engine.path,
    containerFiles: pick.option('container-files'),
    hostRoot: pick.option('host-root'),
    kubernetesDirectory: pick.option('kubernetes-directory'),
    kubernetesNetworks: pick.option('kubernetes-networks'),
    kubernetesApi: cluster instanceof BailiffError ? null : cluster,
    syslogListen,
    syslogFrom: pick.option('syslog-from'),
    filterDirectory: pick.option('filter-directory'),
    filters,
    mail,
    notifiers: notifiers.notifiers,
    maxTracked: pick.option('max-tracked'),
    evidence: pick.option('evidence'),
    history: pick.option('history'),
    logLevel: pick.option('log-level'),
    logFormat: pick.option('log-format'),
    reloadOnChange: pick.option('reload-on-change'),
    ...(journal === undefined ? {} : { journalDirectory: journal }),
    ...(zone === undefined ? {} : { timeZone: zone }),
    fail2ban:
      fail2ban === null
        ? null
        : { ...fail2ban.part, problems: [...fail2ban.part.problems, ...decided.ofFail2ban] },
    fail2banLog: pick.fail2ban('log') ?? null,
    fail2banMetrics: pick.fail2ban('metrics') ?? false,
    environmentJails: environment.layer.jails,
    origin: [
      ...file.origin,
      ...(fail2ban === null ? [] : [fail2ban.part.dir]),
      ...environment.variables,
      ...engine.origin,
    ],
  };
}

/** The list of `defaults`. A layer that says a ban time and no list means that one, and no list below it. */
function banTimesOf(layers: readonly LayerValues[]): readonly (number | null)[] {
  const said = layers.find(
    ({ defaults }) => defaults?.['bantime.times'] !== undefined || defaults?.bantime !== undefined,
  );
  return said?.defaults?.['bantime.times'] ?? [];
}

/** What the configuration is decided from, with what is wrong in it. */
export async function readAllLayers(options: LoadOptions) {
  const file = await readFileLayer(options.file, options.environment);
  const { secrets, errors: unread } = readSecretFiles(options.environment);
  const builtIn = builtInLayer();
  return { file, unread, builtIn, ...(await readLayers(options, builtIn, file.layer, secrets)) };
}

interface Layers {
  readonly filters: FilterLibrary;
  readonly environment: EnvironmentLayer;
  readonly fail2ban: Fail2banLayer | null;
}

/**
 * The filter directory and fail2ban's may themselves come from variables, and variables name filters and jails: they
 * are read twice, then.
 */
async function readLayers(
  { environment, knownFilters }: LoadOptions,
  builtIn: LayerValues,
  file: Layer,
  secrets: ReadonlyMap<string, string>,
): Promise<Layers> {
  const named = [...file.jails.keys(), builtInJail];
  const notifiers = Object.keys(file.values.notify ?? {});
  const first = readEnvironment(environment, named, [...knownFilters.keys()], secrets, notifiers);
  const pick = picker([first.layer.values, file.values, builtIn]);
  const fail2ban = readFail2banLayer(pick, pick.anywhere('journal-directory'));
  const own = await findFilters([pick.option('filter-directory')]);
  const filters = new FilterLibrary(new Map([...knownFilters, ...own]));
  const jails = [...named, ...(fail2ban?.options.keys() ?? [])];
  const layer = readEnvironment(environment, jails, filters.names, secrets, notifiers);
  return { filters, environment: layer, fail2ban };
}

/** DOCKER_HOST as Docker's own tools read it, as far as it names a socket or a proxy without TLS. */
function dockerSocket(set: string | undefined, host: string | undefined): { path: string; origin: string[] } {
  if (set !== undefined) return { path: set, origin: [] };
  const path = engineAddress(host ?? '');
  return path === undefined
    ? { path: '/var/run/docker.sock', origin: [] }
    : { path, origin: ['DOCKER_HOST'] };
}
