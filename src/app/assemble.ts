import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import type { Status } from '../control/protocol.ts';
import { Allowlist } from '../core/allowlist.ts';
import { messageOf } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { Sessions } from '../core/session.ts';
import type { Clock } from '../core/types.ts';
import type { Choice } from '../enforce/choose.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Scanner } from '../scan/scanner.ts';
import { version } from '../version.ts';
import { Desk } from './desk.ts';
import { Expiry } from './expiry.ts';
import { Intake } from './intake.ts';
import { Jails } from './jails.ts';
import type { Log } from './log.ts';
import { Pipeline } from './pipeline.ts';
import { Protection } from './protection.ts';
import { countBy, status } from './status.ts';

/** The daemon's parts, wired, none of them running yet. */
export interface Parts {
  readonly desk: Desk;
  readonly enforcer: Enforcer;
  readonly expiry: Expiry;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly metrics: Metrics;
  readonly pipeline: Pipeline;
  readonly protection: Protection;
  readonly scanner: Scanner;
  status(): Status;
  /** What of the daemon's own is wrong, for `status`: it is still starting, a listener is not open. */
  readonly problems: Set<string>;
}

/** Wires everything together. @throws BailiffError ledger-unusable */
export function assemble(
  configuration: Configuration,
  filters: readonly FilterDefinition[],
  choice: Choice,
  clock: Clock,
  log: Log,
): Parts {
  const started = clock.now();
  const allowlist = new Allowlist();
  const protection = new Protection(allowlist, configuration.defaults.ignoreip);
  protection.refresh();
  const sessions = new Sessions();
  const path = join(configuration.stateDir, 'bailiff.db');
  const ledger = new Ledger({ path, clock, allowlist, sessions });
  const jails = new Jails(configuration, ledger);

  const metrics = new Metrics({
    version: version(),
    activeBans: () => countBy(ledger.active.all(), (ban) => ban.jail),
    tracked: () => [...jails.all()].map(({ jail }) => [jail.limits.name, jail.windows.size] as const),
    evicted: () => [...jails.all()].map(({ jail }) => [jail.limits.name, jail.windows.evicted] as const),
    enforcing: () => (enforcer.status().state === 'enforcing' ? 1 : 0),
  });
  const enforcer = new Enforcer({
    backend: choice.backend,
    clock,
    desired: () => ledger.active.merged,
    protectedReason: (address) => allowlist.reason(address),
    events: {
      applied: (_adds, _deletes, seconds) => {
        metrics.actionLatency.observe({ backend: choice.backend.name }, seconds);
      },
      failed: (error) => {
        metrics.actionFailures.inc({ backend: choice.backend.name });
        log.error({ error: messageOf(error) }, 'enforcement failed');
      },
      repaired: (what) => {
        metrics.repairs.inc();
        log.warn({ what }, 'repaired');
      },
      refused: (address, reason) => log.warn({ address, reason }, 'not enforced: the address is protected'),
    },
  });
  const pipeline = new Pipeline({
    clock,
    sessions,
    allowlist,
    ledger,
    enforcer,
    metrics,
    log,
    banned: () => expiry.arm(),
  });
  const desk = new Desk({
    ledger,
    jails,
    enforcer,
    metrics,
    log,
    defaultBantime: configuration.defaults.bantime,
    commit: () => {
      expiry.arm();
      return pipeline.commit();
    },
    allowlist,
    status: () => parts.status(),
  });
  const expiry = new Expiry(
    clock,
    () => ledger.active.nextExpiry(),
    () => void desk.end(ledger.active.expired(clock.now()), 'expired').catch(() => undefined),
  );
  const scanner = new Scanner(filters, {
    batch: (batch) => intake.batch(batch),
    state: (id, state, detail) => {
      intake.state(id, state, detail);
      if (state === 'waiting' || state === 'failed')
        log.warn({ source: id, state, error: detail }, 'source waits');
    },
    streamLost: (id) => intake.streamLost(id),
    restarted: (reason) => {
      metrics.scannerRestarts.inc();
      log.error({ reason }, 'the scanning thread was restarted');
    },
  });
  const intake = new Intake({
    scanner,
    jail: (jail) => jails.add(jail),
    cursor: (key) => ledger.cursor(key),
    judge: (batch, source) => pipeline.judge(batch, source),
    counted: ({ source, lines, bytes, oversize }) => {
      metrics.lines.inc({ source }, lines);
      metrics.bytes.inc({ source }, bytes);
      if (oversize > 0) metrics.oversizeLines.inc({ source }, oversize);
    },
    failed: (error, source) =>
      log.error({ source: source.id, error: messageOf(error) }, 'lines could not be judged'),
    closed: (source) => {
      for (const counter of [metrics.lines, metrics.bytes, metrics.oversizeLines]) counter.remove({ source });
    },
    timeZone: configuration.timeZone,
  });

  const problems = new Set<string>();
  const own = { configuration, version: version(), started, problems, choice };
  const parts: Parts = {
    desk,
    enforcer,
    expiry,
    intake,
    ledger,
    metrics,
    pipeline,
    protection,
    scanner,
    problems,
    status: () => status({ ...own, enforcer, intake, jails, ledger, ledgerProblem: pipeline.ledgerProblem }),
  };
  return parts;
}
