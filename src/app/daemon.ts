import type { Server } from 'node:http';
import type { Configuration } from '../config/schema.ts';
import { serveListener } from '../control/listener.ts';
import { serveControl } from '../control/server.ts';
import { messageOf } from '../core/errors.ts';
import type { FilterDefinition } from '../core/filter.ts';
import { systemClock } from '../core/types.ts';
import { chooseBackend } from '../enforce/choose.ts';
import { sourceKinds } from '../sources/registry.ts';
import { announce } from './announce.ts';
import { assemble, type Parts } from './assemble.ts';
import type { Expiry } from './expiry.ts';
import type { Intake } from './intake.ts';
import { type Log, openLog } from './log.ts';
import type { Pipeline } from './pipeline.ts';
import { sourceHost } from './source-host.ts';
import { supervise } from './supervise.ts';

/** How often what waits without a verdict (cursors, counts) is stored, in ms. */
const checkpointMs = 1_000;
/** How often interfaces and routes are read again, in ms. */
const protectionMs = 10_000;

const starting = 'still starting';

/**
 * Runs until the signal aborts. Enforcement comes before reading: what was banned is shut out again
 * before the first line is judged.
 * @throws BailiffError where it cannot start at all
 */
export async function runDaemon(
  configuration: Configuration,
  filters: readonly FilterDefinition[],
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const log = await openLog({ level: configuration.logLevel, format: configuration.logFormat });
  const choice = await chooseBackend(configuration.enforce, { clock, signal });
  const parts = assemble(configuration, filters, choice, clock, log);
  const { desk, enforcer, expiry, intake, ledger, pipeline, protection, scanner, problems } = parts;
  /** Interfaces, routes or networks changed: what has become the owner's is let in. */
  const heedProtection = (changed: boolean): void => {
    if (!changed) return;
    for (const ban of desk.releaseProtected()) void enforcer.changed(ban.address).catch(() => undefined);
  };
  const servers: Server[] = [];
  const timers: NodeJS.Timeout[] = [];
  problems.add(starting);
  try {
    servers.push(await serveControl(configuration.socket, desk));
    desk.releaseProtected();
    await enforcer.start();
    servers.push(...(await openListener(configuration, parts, log)));
    expiry.arm();
    timers.push(setInterval(() => tick(pipeline, expiry), checkpointMs));
    timers.push(setInterval(() => heedProtection(protection.refresh()), protectionMs));
    const protectNetworks: Parameters<typeof sourceHost>[0]['protectNetworks'] = (networks) =>
      heedProtection(protection.networks(networks));
    const host = sourceHost({ configuration, intake, clock, log, protectNetworks });
    const enabled = configuration.jails.filter((jail) => jail.enabled);
    const following = sourceKinds(configuration).map((kind) =>
      supervise(
        (aborted) => kind.follow(enabled, host, aborted),
        signal,
        sourceFailed(kind.name, intake, log),
      ),
    );
    problems.delete(starting);
    announce(log, configuration, parts.status());
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

/** Timers do not see a wall clock that was stepped: bans whose time is over by now end here. */
function tick(pipeline: Pipeline, expiry: Expiry): void {
  pipeline.commit();
  expiry.arm();
}

/** A port that is taken does not stop the protection: it shows in status and log. */
async function openListener(configuration: Configuration, parts: Parts, log: Log): Promise<Server[]> {
  if (configuration.listen === null) return [];
  const { registry } = parts.metrics;
  try {
    const server = await serveListener(configuration.listen, {
      status: () => parts.status(),
      metrics: () => registry.metrics(),
      metricsType: registry.contentType,
    });
    return [server];
  } catch (error) {
    const problem = `the listener for metrics is not open: ${messageOf(error)}`;
    parts.problems.add(problem);
    log.error({ error: problem }, 'listener failed');
    return [];
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
