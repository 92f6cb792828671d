import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import { serveListener } from '../control/listener.ts';
import { serveControl } from '../control/server.ts';
import { Allowlist } from '../core/allowlist.ts';
import { messageOf } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { Sessions } from '../core/session.ts';
import { systemClock } from '../core/types.ts';
import { chooseBackend } from '../enforce/choose.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Scanner } from '../scan/scanner.ts';
import { sourceKinds } from '../sources/registry.ts';
import { version } from '../version.ts';
import { announce } from './announce.ts';
import { Desk } from './desk.ts';
import { Expiry } from './expiry.ts';
import { Intake } from './intake.ts';
import { Jails } from './jails.ts';
import { type Log, openLog } from './log.ts';
import { Pipeline } from './pipeline.ts';
import { Protection } from './protection.ts';
import { sourceHost } from './source-host.ts';
import { countBy, status } from './status.ts';
import { supervise } from './supervise.ts';

/** How often what waits without a verdict (cursors, counts) is stored, in ms. */
const checkpointMs = 1_000;
/** How often interfaces and routes are read again, in ms. */
const protectionMs = 10_000;

/**
 * Wires everything together and runs until the signal aborts. Enforcement comes before reading: what
 * was banned is shut out again before the first line is judged.
 * @throws BailiffError where it cannot start at all
 */
export async function runDaemon(
  configuration: Configuration,
  filters: readonly FilterDefinition[],
  signal: AbortSignal,
): Promise<void> {
  const log = await openLog({ level: configuration.logLevel, format: configuration.logFormat });
  const clock = systemClock;
  const started = clock.now();
  const allowlist = new Allowlist();
  const protection = new Protection(allowlist, configuration.defaults.ignoreip);
  protection.refresh();
  const sessions = new Sessions();
  const choice = await chooseBackend(configuration.enforce, { clock, signal });
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
    status: () => status(parts),
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
    closed: (source) => {
      for (const counter of [metrics.lines, metrics.bytes, metrics.oversizeLines]) counter.remove({ source });
    },
    timeZone: configuration.timeZone,
  });

  /** Interfaces, routes or networks changed: what has become the owner's is let in. */
  const heedProtection = (changed: boolean): void => {
    if (!changed) return;
    for (const ban of desk.releaseProtected()) void enforcer.changed(ban.address).catch(() => undefined);
  };

  let begun = false;
  let listenerProblem: string | null = null;
  const parts = {
    configuration,
    version: version(),
    started,
    enforcer,
    choice,
    intake,
    jails,
    ledger,
    ledgerProblem: () => pipeline.ledgerProblem,
    listenerProblem: () => listenerProblem,
    begun: () => begun,
  };

  const servers: Server[] = [];
  const timers: NodeJS.Timeout[] = [];
  try {
    servers.push(await serveControl(configuration.socket, desk));
    desk.releaseProtected();
    await enforcer.start();
    if (configuration.listen !== null) {
      try {
        servers.push(
          await serveListener(configuration.listen, {
            status: () => status(parts),
            metrics: () => metrics.registry.metrics(),
            metricsType: metrics.registry.contentType,
          }),
        );
      } catch (error) {
        listenerProblem = `the listener for metrics is not open: ${messageOf(error)}`;
        log.error({ error: listenerProblem }, 'listener failed');
      }
    }
    expiry.arm();
    timers.push(setInterval(() => pipeline.commit(), checkpointMs));
    timers.push(setInterval(() => heedProtection(protection.refresh()), protectionMs));
    const host = sourceHost({
      configuration,
      intake,
      clock,
      log,
      protectNetworks: (networks) => heedProtection(protection.networks(networks)),
    });
    const enabled = configuration.jails.filter((jail) => jail.enabled);
    const following = sourceKinds(configuration).map((kind) =>
      supervise(
        (aborted) => kind.follow(enabled, host, aborted),
        signal,
        sourceFailed(kind.name, intake, log),
      ),
    );
    begun = true;
    announce(log, configuration, status(parts));
    await Promise.all(following);
  } finally {
    for (const timer of timers) clearInterval(timer);
    expiry.stop();
    await scanner.stop();
    pipeline.commit();
    await enforcer.stop();
    for (const server of servers) closeNow(server);
    ledger.close();
    log.info('stopped; the bans stay in the kernel until their time is over');
    log.flush();
  }
}

/** Shows in status each time; is said in the log when it is news, not at every try. */
function sourceFailed(kind: string, intake: Intake, log: Log): (error: unknown) => void {
  let last = '';
  return (error) => {
    const detail = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
    intake.report(kind, 'waiting', detail);
    if (detail !== last) log.warn({ source: kind, error: detail }, 'source waits');
    last = detail;
  };
}

function closeNow(server: Server): void {
  server.close();
  server.closeAllConnections();
}
