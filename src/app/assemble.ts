import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import type { Status } from '../control/protocol.ts';
import { canonicalAddress } from '../core/address.ts';
import { Allowlist } from '../core/allowlist.ts';
import { messageOf } from '../core/errors.ts';
import { splitMode } from '../core/filter.ts';
import { plainPolicy, splitTarget, targetOf } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Ban, Clock } from '../core/types.ts';
import type { Choice } from '../enforce/choose.ts';
import { Connections } from '../enforce/connections.ts';
import { operationOf } from '../enforce/enforcement.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { removeAll } from '../enforce/teardown.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Scanner } from '../scan/scanner.ts';
import { revision, version } from '../version.ts';
import { Allowances } from './allowances.ts';
import { ApiJailDesk } from './api-jails.ts';
import type { BanNews } from './ban-news.ts';
import { BusyRanges } from './busy-ranges.ts';
import { Desk, manualJail } from './desk.ts';
import { Events } from './events.ts';
import { Expiry } from './expiry.ts';
import type { Fail2banActions } from './fail2ban-actions.ts';
import { Gaps } from './gaps.ts';
import { HostNames } from './host-names.ts';
import { IgnoreLists } from './ignore-lists.ts';
import { Ineffective } from './ineffective.ts';
import { Intake } from './intake.ts';
import { countedBy, Jails } from './jails.ts';
import { KeptNames } from './kept-names.ts';
import { LabelJails } from './label-jails.ts';
import { LabelReports } from './label-reports.ts';
import { Listeners } from './listeners.ts';
import type { Log } from './log.ts';
import { Neighbours } from './neighbours.ts';
import type { Notifications } from './notifications.ts';
import { observe } from './observe.ts';
import { Pipeline } from './pipeline.ts';
import { Policies } from './policies.ts';
import { Protection, type ProtectionOptions } from './protection.ts';
import { filterLookup, mergingIn, reconfigure } from './reconfigure.ts';
import { type ConfigurationFile, Reload } from './reload.ts';
import { RestoredBans } from './restored-bans.ts';
import { slowExpressions } from './slow-expressions.ts';
import { sourceHost } from './source-host.ts';
import { Sources } from './sources.ts';
import { SshPeers } from './ssh-peers.ts';
import { status } from './status.ts';
import { whoIsTold } from './who-is-told.ts';
import { around, explain } from './why.ts';
import { withDrops } from './why-drops.ts';

/** The daemon's parts, wired, none of them running yet. */
export interface Parts {
  readonly allowances: Allowances;
  readonly desk: Desk;
  readonly enforcer: Enforcer;
  readonly connections: Connections;
  readonly expiry: Expiry;
  readonly gaps: Gaps;
  readonly ignoreLists: IgnoreLists;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly listeners: Listeners;
  readonly metrics: Metrics;
  readonly news: BanNews;
  readonly notifications: Notifications;
  readonly actions: Fail2banActions;
  readonly pipeline: Pipeline;
  readonly policies: Policies;
  readonly protection: Protection;
  readonly reload: Reload;
  readonly restored: RestoredBans;
  readonly scanner: Scanner;
  readonly sources: Sources;
  status(): Status;
  /** Ends the bans of addresses that must not be banned any more. */
  readonly letIn: () => void;
  /** What of the daemon's own is wrong, for `status`: it is still starting, a listener is not open. */
  readonly problems: Set<string>;
}

/** Policies under which nothing of an open connection should go on. */
const cutsAll: ReadonlySet<string> = new Set([plainPolicy, 'reject']);

/** Who is never banned, and what keeps that true to this machine. */
export interface Owner {
  readonly allowlist: Allowlist;
  readonly protection: Protection;
  readonly ignoreLists: IgnoreLists;
  /** What a configuration says of it. */
  protected(configuration: Configuration): ProtectionOptions;
}

export function knowOwner(configuration: Configuration, log: Log): Owner {
  const allowlist = new Allowlist();
  const ignoreLists = new IgnoreLists({
    kept: new KeptNames(join(configuration.stateDir, 'confirmed-names.json')),
    failed: (what, problem) =>
      log.warn({ entry: what, error: problem }, 'an entry of an ignore list cannot be read'),
  });
  const peers = new SshPeers({ now: () => performance.now() / 1000 });
  const sshPeers = () => peers.refresh();
  const protectedBy = ({
    defaults,
    trustedProxies,
    kubernetesNetworks,
    protectSshPeers,
  }: Configuration): ProtectionOptions => ({
    ignoreip: ignoreLists.of(defaults.ignoreip, 'ignoreip'),
    trustedProxies,
    clusterNetworks: kubernetesNetworks,
    sshPeers: protectSshPeers ? sshPeers : null,
  });
  const protection = new Protection(allowlist, protectedBy(configuration));
  return { allowlist, protection, ignoreLists, protected: protectedBy };
}

/** Wires everything together. @throws BailiffError ledger-unusable */
export function assemble(
  configuration: Configuration,
  file: ConfigurationFile,
  choice: Choice,
  owner: Owner,
  clock: Clock,
  log: Log,
): Parts {
  const { allowlist, protection, ignoreLists } = owner;
  const live = { now: configuration };
  const problems = new Set<string>();
  const started = clock.now();
  const sessions = new Sessions();
  const path = join(configuration.stateDir, 'bailiff.db');
  const retention = {
    get history() {
      return live.now.history;
    },
    get evidence() {
      return live.now.evidence !== 'off';
    },
  };
  const events = new Events();
  const metrics = new Metrics();
  metrics.begunJail(manualJail);
  const ledger = new Ledger({
    path,
    clock,
    allowlist,
    sessions,
    retention,
    counting: () => jails.longestForget,
    told: {
      banned: ({ jail, address, until, hits }) =>
        events.tell({
          ...{ event: 'ban', time: clock.now(), jail, address, until, hits },
          counts: countedBy(jails.get(jail)),
        }),
      ended: ({ jail, address }, reason) =>
        events.tell({ event: 'unban', time: clock.now(), jail, address, reason }),
    },
  });
  const allowances = new Allowances(ledger, allowlist, clock);
  const told = whoIsTold(live, { jails: () => jails, ledger, clock, log });
  const { actions, news, notifications, evidence } = told;
  // While it runs a container's labels and a reload change policies; what the kernel refuses, the enforcer repairs.
  const jails: Jails = new Jails(configuration, ledger, {
    ignores: (jail) => actions.ignores(jail),
    moved: (target) => void enforcer.changed(target).catch(() => undefined),
    ignoreLists,
    came: (name) => metrics.begunJail(name),
    went: (name) => metrics.forgetJail(name),
  });
  const policies = new Policies({
    jails: () => [...jails.all()].map(({ policy }) => policy),
    bans: () => ledger.active.policies(),
  });
  const gaps = new Gaps((gap) => log.warn({ gap }, 'not everything is filtered here'));
  const labels = new LabelReports({
    complain: (complaint) => log.warn({ error: complaint }, 'a label is not heeded'),
    note: (note) => log.info({ note }, 'jails for a container'),
  });
  const labelJails = new LabelJails({
    isConfigured: (name) => jails.isConfigured(name),
    bans: (name) => ledger.active.byJail.has(name),
    drop: (name) => jails.drop(name),
  });
  const ineffective = new Ineffective(clock, (message) =>
    log.warn({ warning: message }, 'a ban keeps nobody out'),
  );

  const backend = choice.backend.name;
  metrics.begunBackend(backend);
  const monotonic = () => performance.now();
  const busyRanges = new BusyRanges({ active: ledger.active, allowlist, jails, monotonic });
  const enforcer: Enforcer = new Enforcer({
    backend: choice.backend,
    clock,
    desired: () => ledger.active.merged,
    policies: () => policies.rules(),
    protectedReason: (target) =>
      allowlist.reason(splitTarget(target).address, [], ledger.active.isForced(target)),
    events: {
      applied: (adds, deletes, seconds) => {
        metrics.actionLatency.observe({ backend, operation: operationOf(adds, deletes) }, seconds);
      },
      reconciled: (seconds, whole) => {
        metrics.actionLatency.observe({ backend, operation: 'reconcile' }, seconds);
        if (!whole) metrics.actionFailures.inc({ backend, operation: 'reconcile' });
      },
      failed: (error, operation) => {
        metrics.actionFailures.inc({ backend, operation });
        log.error({ error: messageOf(error) }, 'enforcement failed');
      },
      repaired: (what, kinds) => {
        for (const kind of kinds) metrics.repairs.inc({ kind });
        events.tell({ event: 'repair', time: clock.now(), what });
        log.warn({ what }, 'repaired');
      },
      refused: (address, reason) => log.warn({ address, reason }, 'not enforced: the address is protected'),
    },
  });
  const connections = new Connections({
    unavailable: (detail) => log.info({ detail }, 'open connections are left to the rules'),
  });
  const banned = (bans: readonly Ban[]): void => {
    expiry.arm();
    news.banned(bans);
    if (choice.backend.strength !== 'full') return;
    connections.ended(bans.filter(({ policy }) => cutsAll.has(policy)).map(({ address }) => address));
  };
  const pipeline = new Pipeline({
    clock,
    sessions,
    allowlist,
    ledger,
    enforcer,
    metrics,
    log,
    ineffective,
    merging: mergingIn(live),
    recognise: ({ configuration: { ignoreip } }, host) => ignoreLists.ask(ignoreip, host),
    names: new HostNames({ now: () => performance.now() / 1000 }),
    neighbours: new Neighbours(ledger, jails),
    counting: (jail) => jails.counting(jail),
    news,
    evidence,
    events,
    attempted: () => protection.attempted(),
    banned,
  });
  const desk = new Desk({
    allowances,
    clock,
    ledger,
    jails,
    enforcer,
    metrics,
    log,
    get defaultBantime() {
      return live.now.defaults.bantime;
    },
    commit: () => {
      expiry.arm();
      return pipeline.commit();
    },
    allowlist,
    status: () => parts.status(),
    refreshProtection: async (about, jail) => {
      await protection.refreshAll();
      const { ignoreip } = jail?.configuration ?? live.now.defaults;
      if (about !== undefined) await ignoreLists.ask(ignoreip, about);
    },
    banned,
    restored: (bans) => {
      news.restored(bans);
      ignoreLists.questions.askLater(bans.map(({ address }) => address));
    },
    notifyTest: (name) => notifications.test(name),
    explain: async (address) => {
      const lists = [live.now.defaults, ...[...jails.all()].map(({ configuration }) => configuration)];
      const about = canonicalAddress(address);
      if (about !== null) await Promise.all(lists.map(({ ignoreip }) => ignoreLists.ask(ignoreip, about)));
      const answer = explain(address, { allowlist, clock, enforcer, evidence, jails, ledger, policies });
      return withDrops(answer, choice.backend);
    },
    events,
    ended: (ban) => {
      ineffective.ended(ban);
      labelJails.ended(ban.jail);
      // The series of a jail that runs no more go with its last ban.
      const runs = ban.jail === manualJail || jails.get(ban.jail) !== undefined;
      if (!runs && !ledger.active.byJail.has(ban.jail)) metrics.forgetJail(ban.jail);
      news.ended(ban);
    },
    teardown: async () => {
      await enforcer.end();
      problems.add('torn down: nothing is enforced until Bailiff is started again');
      return removeAll({ clock });
    },
    reload: () => reload.run(),
    apiJails: () => apiJails,
  });
  const expiry = new Expiry(
    clock,
    () => ledger.active.nextExpiry(),
    () => void desk.end(ledger.active.expired(clock.now()), 'expired').catch(() => undefined),
  );
  const scanner = new Scanner(filterLookup(configuration), {
    batch: (batch) => intake.batch(batch),
    state: (id, state, detail) => {
      intake.state(id, state, detail);
      if (state === 'waiting' || state === 'failed')
        log.warn({ source: id, state, error: detail }, 'source waits');
    },
    gap: (source, gap) => {
      intake.gap(source, gap);
      metrics.sources.gap(source);
      log.warn({ source, gap }, 'lines are lost, or may be');
    },
    streamLost: (id) => intake.streamLost(id),
    restarted: (reason, goOn) => {
      intake.scannerRestarted(goOn);
      metrics.scannerRestarts.inc();
      log.error({ reason }, 'a scanning thread was restarted');
    },
    slow: slowExpressions(metrics, log, clock),
  });
  const intake = new Intake({
    scanner,
    jail: (jail) => {
      labelJails.read(jail.name);
      return jails.wanted(jail);
    },
    cursor: (key) => ledger.cursor(key),
    evidence: (jails) =>
      jails.some((jail) => actions.ignores(jail) !== null)
        ? Number.POSITIVE_INFINITY
        : evidence.linesOf(jails),
    judge: (batch, source) => pipeline.judge(batch, source),
    counted: (batch) => metrics.sources.judged(batch),
    failed: (error, source) =>
      log.error({ source: source.id, error: messageOf(error) }, 'lines could not be judged'),
    opened: (source) => metrics.sources.opened(source),
    closed: (source) => {
      metrics.sources.closed(source);
      labelJails.tidy();
    },
    get timeZone() {
      return live.now.timeZone;
    },
    setupOf: (filter) => live.now.filters.about(splitMode(filter).filter)?.setup ?? null,
    clock,
  });
  const host = sourceHost({
    live,
    jails,
    intake,
    clock,
    labels,
    labelJails,
    metrics,
    enforcer,
    gaps,
    policies,
    protection,
  });
  const sources = new Sources(configuration, { host, intake, log });
  const letIn = (among?: Iterable<Ban>): void => {
    for (const { address, policy } of desk.releaseProtected(among))
      void enforcer.changed(targetOf(address, policy)).catch(() => undefined);
  };
  ignoreLists.watch((address) => {
    protection.refreshLists();
    letIn(around(address, ledger));
  });
  const listeners = new Listeners({
    live,
    desk,
    problems,
    status: () => parts.status(),
    metrics,
    clock,
    log,
  });
  const changing = {
    live,
    owner,
    told,
    listeners,
    scanner,
    jails,
    intake,
    sources,
    enforcer,
    pipeline,
    letIn,
    log,
  };
  const apply = (wanted: Configuration) => reconfigure(changing, wanted);
  const reload = new Reload({ file, running: live, apply, clock, log });
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => reload.inTurn(work);
  const apiJails = new ApiJailDesk({ running: live, jails, apply, inTurn, log });

  const own = { version: version(), revision: revision(), started, problems, choice };
  const parts: Parts = {
    allowances,
    connections,
    desk,
    enforcer,
    expiry,
    gaps,
    ignoreLists,
    intake,
    ledger,
    letIn,
    listeners,
    metrics,
    news,
    notifications,
    actions,
    pipeline,
    policies,
    protection,
    reload,
    restored: new RestoredBans({ ledger, desk, jails }),
    scanner,
    sources,
    problems,
    status: () =>
      status({
        ...own,
        configuration: live.now,
        reload: reload.last,
        busyRanges,
        enforcer,
        gaps: gaps.all(),
        ignoreProblems: ignoreLists.problems(),
        ineffective,
        intake,
        jails,
        labelJails,
        labels,
        ledger,
        notifications,
        policies,
        ledgerProblem: pipeline.ledgerProblem,
        restrained: scanner.problems(),
      }),
  };
  observe(metrics.series, {
    ...parts,
    configuration,
    database: path,
    version: own.version,
    ineffective,
    jails,
    labelJails,
    labels,
  });
  return parts;
}
