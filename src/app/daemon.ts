import type { Server } from 'node:http';
import type { Configuration } from '../config/schema.ts';
import { closeNow } from '../control/http.ts';
import { serveControl } from '../control/server.ts';
import { formatDuration } from '../core/duration.ts';
import { type BailiffError, messageOf } from '../core/errors.ts';
import { type Address, type Clock, systemClock } from '../core/types.ts';
import { connectDocker } from '../docker/client.ts';
import { isEngineThere } from '../docker/endpoint.ts';
import { type Choice, chooseBackend } from '../enforce/choose.ts';
import { Monitor } from '../enforce/monitor.ts';
import { removeAll } from '../enforce/teardown.ts';
import { adopt } from './adoption.ts';
import { announce } from './announce.ts';
import { assemble, knowOwner, type Parts } from './assemble.ts';
import { ClockWatch } from './clock-watch.ts';
import { hostGaps } from './host-gaps.ts';
import { type Log, openLog } from './log.ts';
import { ProblemWatch } from './problem-watch.ts';
import { releaseMemory } from './release-memory.ts';
import type { ConfigurationFile } from './reload.ts';
import { SourceWatch } from './source-watch.ts';

/** How often what waits without a verdict (cursors, counts) is stored, in ms. */
const checkpointMs = 1_000;
/** How often interfaces and routes are read again, in ms. */
const protectionMs = 10_000;
/** How often SSH sessions are, which takes the kernel 20 ms; while attempts come in it is once a second. */
const peersMs = 30_000;
/** How often names and files of ignore lists are, in ms. */
const listsMs = 60_000;
/** And those of them that have changed, or could not be read last: after a boot there may be no DNS yet. */
const openListsMs = 5_000;
/** How often it is looked for traffic that goes round the packet filter, in ms. */
const gapsMs = 60_000;
/** How often it is looked for sources that fall behind or are silent, in ms. */
const sourcesMs = 10_000;
/** How often it is looked for problems that notifiers tell of, in ms. */
const problemsMs = 10_000;
/** How long an engine may take to say what its packet filter is, in ms. */
const engineMs = 3_000;

/** How often it is looked whether the configuration's file has changed, where that is wanted, in ms. */
const fileMs = 1_000;

/** How long after the start memory that it needed is given back, in ms: while that goes on nothing else does. */
const releaseMs = 1_000;

const starting = 'still starting';

/** How the configuration is read again, and when. */
export interface Reading extends ConfigurationFile {
  /** From now on `reload` is called when somebody asks for it by a signal. */
  readonly onSignal: (reload: () => void) => void;
}

/**
 * Runs until the signal aborts. Enforcement comes before reading: what was banned is shut out again
 * before the first line is judged.
 * @throws BailiffError where it cannot start at all
 */
export async function runDaemon(
  configuration: Configuration,
  reading: Reading,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const log = await openLog({ level: configuration.logLevel, format: configuration.logFormat });
  let hint = (): void => undefined;
  const watch = new Monitor({ changed: () => hint() });
  // Its child would keep a daemon from ending that could not start.
  try {
    const dockerFirewall = () => firewallOf(configuration);
    const owner = knowOwner(configuration, log);
    const [choice] = await Promise.all([
      chooseBackend(configuration.enforce, { clock, signal, dockerFirewall, watch }),
      owner.protection.refreshAll(),
    ]);
    if (choice.backend.strength !== 'full') await watch.close();
    const parts = assemble(configuration, reading, choice, owner, clock, log);
    hint = () => parts.enforcer.hint();
    // Before the first ban: whoever is on a list must not be shut out for a moment.
    await refreshLists(parts);
    await run({ configuration, reading, choice, parts, clock, log, signal });
  } finally {
    await watch.close();
  }
}

interface Running {
  readonly configuration: Configuration;
  readonly reading: Reading;
  readonly choice: Choice;
  readonly parts: Parts;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

async function run({ configuration, reading, choice, parts, clock, log, signal }: Running): Promise<void> {
  const {
    connections,
    desk,
    enforcer,
    expiry,
    gaps,
    intake,
    ledger,
    listeners,
    pipeline,
    protection,
    reload,
    restored,
  } = parts;
  const { scanner, sources, problems } = parts;
  const lookForGaps = async () => gaps.replace('host', await hostGaps());
  const timers: NodeJS.Timeout[] = [];
  let control: Server | null = null;
  problems.add(starting);
  try {
    if (ledger.blank !== null) await takeOver(choice, parts, ledger.blank, log);
    const enforced = enforcer.start(restored);
    await restored.read;
    parts.ignoreLists.questions.askLater(addressesIn(ledger));
    // Before anybody can add a ban by hand: what stood before is told first, and once.
    parts.news.start();
    parts.news.restored(ledger.active.all());
    control = await serveControl(configuration.socket, desk);
    // What has become the owner's is let in.
    protection.watch(parts.letIn);
    await enforced;
    await Promise.all([lookForGaps(), reload.inTurn(() => listeners.open())]);
    expiry.arm();
    const clockWatch = watchClock(parts, clock, log);
    timers.push(setInterval(() => tick(parts, clockWatch), checkpointMs));
    timers.push(setInterval(() => protection.refresh(), protectionMs));
    timers.push(setInterval(() => void protection.refreshPeers(), peersMs));
    timers.push(setInterval(() => void refreshLists(parts), listsMs));
    timers.push(setInterval(() => void refreshLists(parts, true), openListsMs));
    timers.push(setInterval(() => void lookForGaps(), gapsMs));
    const sourceWatch = new SourceWatch(log);
    timers.push(setInterval(() => sourceWatch.look(intake.status(), intake.findings()), sourcesMs));
    timers.push(watchProblems(parts, clock));
    timers.push(watchConfiguration(parts, reading, log));
    const following = sources.run(signal);
    problems.delete(starting);
    reportFail2ban(configuration, log);
    announce(log, configuration, parts.status());
    // What can wait until all is in force and read.
    const cleaning = removeLeftOvers(choice, clock, log).catch((error: unknown) =>
      log.warn({ problem: messageOf(error) }, 'left-overs of another backend stay'),
    );
    timers.push(setTimeout(releaseMemory, releaseMs));
    await following;
    await cleaning;
  } finally {
    for (const timer of timers) clearInterval(timer);
    expiry.stop();
    connections.stop();
    // What was asked and not answered counts for nothing; it must not become a ban now.
    parts.actions.stop();
    parts.ignoreLists.questions.stop();
    await scanner.stop();
    pipeline.commit(true);
    await Promise.all([enforcer.stop(), parts.news.stop()]);
    listeners.close();
    if (control !== null) closeNow(control);
    ledger.close();
    log.info('stopped; the bans stay in the kernel until their time is over');
    log.flush();
  }
}

/** What the engine says of its packet filter. Without its word what is seen of its rules decides. */
async function firewallOf({ docker, dockerSocket }: Configuration): Promise<string | null> {
  if (!docker || !isEngineThere(dockerSocket)) return null;
  const engine = connectDocker(dockerSocket, AbortSignal.timeout(engineMs));
  return engine
    .then((client) => client.info())
    .then(
      ({ firewallDriver }) => firewallDriver,
      () => null,
    );
}

/** What is wrong with fail2ban's configuration stops nothing else. */
function reportFail2ban({ fail2ban }: Configuration, log: Log): void {
  for (const problem of fail2ban?.problems ?? []) {
    const { where = '', message } = problem;
    log.error({ where, error: message, remedy: problem.remedy }, "fail2ban's configuration");
  }
  for (const remark of fail2ban?.remarks ?? []) log.info({ remark }, "fail2ban's configuration");
}

/** Of another backend, from an earlier run: after ours stands, so that nobody gets in meanwhile. */
async function removeLeftOvers({ backend, outcome }: Choice, clock: Clock, log: Log): Promise<void> {
  // A dry run changes nothing, and what is weaker, or does not work yet, leaves what is stronger.
  if (outcome !== 'met' || backend.strength === 'none') return;
  const { removed, problems } = await removeAll({ clock }, backend.name);
  if (removed.length > 0) log.warn({ backends: removed }, 'left-overs of another backend taken away');
  for (const problem of problems) log.warn({ problem }, 'left-overs of another backend stay');
}

/** The ledger knows nothing of an earlier run: what the kernel knows of it is kept. */
async function takeOver({ backend }: Choice, parts: Parts, blank: BailiffError, log: Log): Promise<void> {
  const { ledger, policies, pipeline, problems } = parts;
  log.error({ error: messageOf(blank) }, 'the ledger of the run before is lost');
  for (const damage of ledger.damages) log.error({ damage }, 'another database is begun');
  try {
    const bans = await adopt(backend, ledger, policies);
    log.warn({ bans }, 'bans were read back from the kernel');
  } catch (error) {
    problems.add(`the bans of the run before could not be read back: ${messageOf(error)}`);
    log.error({ error: messageOf(error) }, 'bans could not be read back from the kernel');
  }
  pipeline.commit();
}

function watchProblems({ notifications, status }: Parts, clock: Clock): NodeJS.Timeout {
  const watch = new ProblemWatch((notice) => {
    for (const notifier of notifications.all) notifier.tell(notice);
  }, clock);
  const look = (): void => {
    if (notifications.tells('problem')) watch.look(status().problems);
  };
  return setInterval(look, problemsMs);
}

function watchClock({ ledger, enforcer, expiry, metrics }: Parts, clock: Clock, log: Log): ClockWatch {
  const wentBack = (seconds: number): void => {
    log.warn({ by: formatDuration(seconds) }, 'the clock was set back');
    if (!ledger.clockWentBack()) return;
    expiry.arm();
    void enforcer.reconcile().catch(() => undefined);
  };
  return new ClockWatch(clock, wentBack, {
    steady: { now: () => performance.now() / 1_000 },
    stepped: (seconds) => metrics.clockSteps.inc({ direction: seconds < 0 ? 'back' : 'forward' }),
  });
}

/** Whom lists mean now: who has come to them is let in, as the owner's own addresses are. */
async function refreshLists(
  { ignoreLists, protection, ledger, letIn }: Parts,
  onlyOpen = false,
): Promise<void> {
  const changed = await ignoreLists.refresh(onlyOpen);
  // Who was banned before a domain or a program was named is asked about.
  ignoreLists.questions.askAnew(addressesIn(ledger));
  if (!changed) return;
  protection.refresh();
  letIn();
}

function* addressesIn({ active }: Parts['ledger']): Generator<Address, void> {
  for (const { address } of active.all()) yield address;
}

/** Timers do not see a wall clock that was stepped: bans whose time is over by now end here. */
function tick({ allowances, pipeline, expiry }: Parts, clockWatch: ClockWatch): void {
  clockWatch.look();
  allowances.expire();
  pipeline.commit();
  expiry.arm();
}

/** Reads the configuration again at a signal, and where that is wanted when its file has changed. */
function watchConfiguration({ reload }: Parts, { onSignal }: Reading, log: Log): NodeJS.Timeout {
  const failed = (error: unknown): void => log.error({ error: messageOf(error) }, 'reload failed');
  onSignal(() => void reload.run().catch(failed));
  return setInterval(() => void reload.look().catch(failed), fileMs);
}
