import { isPublic } from '../config/api.ts';
import { shadowedJails } from '../config/api-jails.ts';
import type { Configuration } from '../config/schema.ts';
import { countsOnlyBans, describeSources } from '../config/show-sources.ts';
import type { ReloadStatus, SourceStatus, Status } from '../control/protocol.ts';
import { BailiffError, orError } from '../core/errors.ts';
import { splitMode } from '../core/filter.ts';
import { formatPorts, type Policy, ruleOf, unenforced } from '../core/policy.ts';
import type { Choice } from '../enforce/choose.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BusyRanges } from './busy-ranges.ts';
import type { Ineffective } from './ineffective.ts';
import type { Intake } from './intake.ts';
import { type Jails, mostBansOf } from './jails.ts';
import type { LabelJails } from './label-jails.ts';
import type { LabelReports } from './label-reports.ts';
import type { Notifications } from './notifications.ts';
import type { Policies } from './policies.ts';

export interface StatusParts {
  readonly configuration: Configuration;
  readonly version: string;
  readonly revision: string | null;
  readonly started: number;
  readonly enforcer: Enforcer;
  /** Less than a packet filter is no problem where it was asked for. */
  readonly choice: Pick<Choice, 'outcome' | 'detail'>;
  readonly busyRanges: BusyRanges;
  readonly policies: Policies;
  readonly ineffective: Ineffective;
  /** What of ignore lists protects nobody, though somebody may think so. */
  readonly ignoreProblems: readonly string[];
  /** Traffic that this host's packet filter does not see, with the remedy. */
  readonly gaps: readonly string[];
  readonly intake: Intake;
  readonly jails: Jails;
  readonly labelJails: LabelJails;
  readonly labels: LabelReports;
  readonly ledger: Ledger;
  readonly notifications: Notifications;
  /** Why the ledger cannot be written, or null. */
  readonly ledgerProblem: string | null;
  /** Expressions that are not run as they are written. */
  readonly restrained: readonly string[];
  /** What of the daemon's own is wrong. */
  readonly problems: ReadonlySet<string>;
  readonly reload: ReloadStatus | null;
}

/** Everything one look should explain. */
export function status(parts: StatusParts): Status {
  const { configuration, enforcer, intake, jails, ledger } = parts;
  const { backend, state, detail, hooks, dropped, remarks, elements } = enforcer.status();
  const { gaps } = parts;
  const { choice } = parts;
  const active = ledger.active.byJail;
  const problems = problemsOf(parts);
  const sources = intake.status();
  // What only bans keep, whose container is gone, reads nothing and has no ports: that is right.
  const standing = [...jails.all()].filter(
    ({ configuration: { name } }) => !parts.labelJails.isLeftover(name),
  );
  const enabled = standing.flatMap(({ configuration: { bans, name } }) => (bans.length === 0 ? [name] : []));
  return {
    version: parts.version,
    revision: parts.revision,
    started: parts.started,
    ready: problems.length === 0,
    problems,
    warnings: [
      ...ledger.damages,
      ...parts.ineffective.warnings(),
      ...remarks,
      ...warningsOf(enabled, sources),
      ...parts.ignoreProblems.map((problem) => `ignoreip: ${problem}`),
      ...portlessJails(
        standing.map(({ configuration: { name }, policy }) => ({ name, policy })),
        parts.policies,
      ),
      ...parts.labels.warnings(),
      ...fullJails(jails, active),
      ...parts.notifications.warnings(),
      ...reloadWarnings(parts.reload),
      ...apiWarnings(configuration),
      ...shadowedJails(configuration.apiJails).map(
        (jail) =>
          `jail ${jail} of the API is left out: the configuration has one of that name; remove one of the two (DELETE /jails/${jail})`,
      ),
    ],
    enforcement: { backend, state, detail: detail || choice.detail, hooks, dropped, gaps, elements },
    jails: [...jails.all()].map(({ configuration, jail, policy, hits, bans }) => {
      const { name } = configuration;
      const { maxretry, findtime, bantime } = jail.limits;
      const tracked = jail.windows.size;
      const ports = portsOf(policy, parts.policies);
      return {
        name,
        filter: countsOnlyBans(configuration)
          ? describeSources(configuration).join(', ')
          : configuration.filter,
        forgeable: forgeable(configuration.filter, parts.configuration),
        maxretry,
        findtime,
        bantime,
        hits,
        bans,
        active: active.get(name) ?? 0,
        tracked,
        policy,
        ports,
      };
    }),
    sources,
    findings: intake.findings(),
    labels: parts.labels.all(),
    notifiers: parts.notifications.status(),
    ranges: parts.busyRanges.all(),
    metrics: configuration.listen === null ? null : metricsUrl(configuration.listen),
    reload: parts.reload,
  };
}

function forgeable(filter: string, { filters }: Configuration): string | null {
  const about = orError(() => filters.about(splitMode(filter).filter));
  return about instanceof BailiffError ? null : (about?.forgeable ?? null);
}

export function metricsUrl(listen: { host: string; port: number }): string {
  return `http://${authority(listen)}/metrics`;
}

function authority({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The owner thinks that something holds which does not yet. */
function reloadWarnings(reload: ReloadStatus | null): string[] {
  if (reload === null) return [];
  const { errors, restart } = reload;
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length === 1 ? '' : ` and ${errors.length - 1} more; see \`bailiff check\``;
    const where = first.where === null ? '' : `${first.where}: `;
    return [`the configuration was not reloaded, and the one before holds: ${where}${first.message}${more}`];
  }
  return restart.map((option) => `${option}: a change needs a restart`);
}

/** Tokens go over it as they are. */
function apiWarnings({ api }: Configuration): string[] {
  if (api === null || !isPublic(api.listen)) return [];
  return [
    `the API listens on ${authority(api.listen)}, where others than this machine may listen in: put TLS in front of it (docs/api.md)`,
  ];
}

/** Who is not protected, or less than the owner may think, though Bailiff itself does all it can. */
function warningsOf(jails: readonly string[], sources: readonly SourceStatus[]): string[] {
  const blind = jails.flatMap((jail) => {
    const own = sources.filter((source) => source.jails.includes(jail));
    if (own.some(({ state }) => state === 'reading' || state === 'starting')) return [];
    const states = own.map(({ id, state, detail }) => `${id} ${[state, detail].filter(Boolean).join(', ')}`);
    return [`jail ${jail} reads nothing: ${states.join('; ') || 'none of its containers is there'}`];
  });
  const failed = sources.filter(({ state, detail }) => state === 'failed' && detail !== '');
  return [
    ...blind,
    ...failed.map(({ id, detail }) => `${id} is not read: ${detail}`),
    ...sources.flatMap(({ id, warning, behind, silent }) =>
      [warning, behind, silent].filter((text) => text !== null).map((text) => `${id}: ${text}`),
    ),
  ];
}

/** Bans that would keep nobody out: it is not known by which ports clients come to the container. */
function portlessJails(
  jails: readonly { readonly name: string; readonly policy: Policy }[],
  policies: Pick<Policies, 'publishedBy'>,
): string[] {
  const portless = jails.filter(
    ({ policy }) => policy !== unenforced && portsOf(policy, policies) === 'none',
  );
  return portless.map(
    ({ name }) =>
      `jail ${name} shuts no port: its container publishes none to the outside, and nor does any on its networks; where a ` +
      "proxy passes clients on to it, let label-ports (BAILIFF_LABEL_PORTS) say which are the proxy's, such as 80/tcp, 443/tcp",
  );
}

/** Jails of labels that ban nobody more. */
function fullJails(jails: Jails, active: ReadonlyMap<string, number>): string[] {
  const full = [...jails.all()].filter(
    ({ jail: { limits } }) => (active.get(limits.name) ?? 0) >= mostBansOf(limits),
  );
  return full.map(
    ({ jail: { limits } }) =>
      `jail ${limits.name} bans nobody more: ${mostBansOf(limits)} of its bans stand, and labels may have no more; if its ` +
      'container is well, make it a jail of the configuration (container)',
  );
}

/** A better one is looked for at the start only. */
function choiceProblems({ outcome, detail }: StatusParts['choice'], state: string): string[] {
  if (outcome === 'fallback')
    return [`${weakness[state] ?? ''}: ${detail}; put one of these right and restart Bailiff`];
  return outcome === 'unmet' && state === 'degraded' ? [`it is tried again and again: ${detail}`] : [];
}

const weakness: Readonly<Record<string, string>> = {
  'dry-run': 'DRY RUN, nobody is shut out',
  partial: 'PARTIAL, only programs with TCP wrappers shut anybody out',
  degraded: 'nobody is shut out',
};

function problemsOf(parts: StatusParts): string[] {
  const { state, detail } = parts.enforcer.status();
  const problems: (string | null)[] = [
    ...parts.problems,
    state === 'degraded' ? `bans are not enforced: ${detail}` : null,
    ...choiceProblems(parts.choice, state),
    ...parts.gaps.map((gap) => `not everything is filtered here: ${gap}`),
    parts.ledgerProblem === null ? null : `bans cannot be stored: ${parts.ledgerProblem}`,
    ...parts.restrained,
    // Somebody thinks that they protect him.
    ...[...parts.configuration.apiJails.problems.values()]
      .flat()
      .map(({ message }) => `a jail of the API is left out: ${message}`),
    ...(parts.configuration.fail2ban?.problems ?? []).map(
      ({ where, message }) => `fail2ban's configuration: ${where}: ${message}`,
    ),
  ];
  return problems.filter((problem) => problem !== null);
}

/** The ports that a ban shuts now: `all`, `none` or a list. */
export function portsOf(policy: Policy, policies: Pick<Policies, 'publishedBy'>): string {
  if (policy === unenforced) return 'none';
  const shut = ruleOf(policy, (jail) => policies.publishedBy(jail)).ports;
  if (shut === null) return 'all';
  return shut.length === 0 ? 'none' : formatPorts(shut);
}
