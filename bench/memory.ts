/**
 * What the daemon takes of memory, as users run it: ten jails at idle; the same with a million tracked addresses and
 * two hundred thousand bans that were stored; and over some minutes of lines. Figures of one run and one machine.
 */
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Allowlist } from '../src/core/allowlist.ts';
import { Sessions } from '../src/core/session.ts';
import { systemClock } from '../src/core/types.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { createNetwork } from '../test/e2e/testbed/network.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { residentMiB } from './processes.ts';

const jailCount = 10;
const trackedPerJail = 100_000;
const banCount = 200_000;
const floodMinutes = Number(process.argv[2] ?? 5);
const linesPerSecond = 10_000;
const settleSeconds = 60;
/** Seconds. Longer than a run: nothing that was stored is out of date. */
const findtime = 86_400;

const names = Array.from({ length: jailCount }, (_, index) => `jail${index}`);

/** A quarter of them are IPv6, counted by the /64. */
function addressOf(net: number, index: number): string {
  const [high, low] = [index >> 16, index & 0xffff];
  if (index % 4 === 0) return `2001:db8:${(net * 256 + high).toString(16)}:${low.toString(16)}::/64`;
  return `${net}.${high}.${low >> 8}.${low & 255}`;
}

/** Stores what a busy host may have: of each address one to four attempts, and bans that last. */
function fill(stateDirectory: string): void {
  const now = systemClock.now();
  const ledger = new Ledger({
    path: `${stateDirectory}/bailiff.db`,
    clock: systemClock,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  for (const _ of ledger.readBans());
  for (const [net, jail] of names.entries()) {
    const windows = ledger.openWindows(jail, { maxretry: 5, findtime, maxTracked: trackedPerJail });
    for (let index = 0; index < trackedPerJail; index++) {
      const address = addressOf(20 + net, index + 1);
      for (let hit = 0; hit <= index % 4; hit++) {
        const change = { jail, address, time: now - 3_600 + hit * 13.7 + index / 1_000, attempts: 1 };
        windows.add(address, change.time, 1);
        ledger.counted(change);
      }
    }
    ledger.commit();
  }
  for (let index = 0; index < banCount; index++) {
    const jail = names[index % jailCount] ?? '';
    ledger.ban({ address: addressOf(50, index + 1), jail, bantime: findtime, hits: 5, policy: 'drop' });
    if (index % 10_000 === 0) ledger.commit();
  }
  ledger.commit();
  ledger.close();
}

function configuration(workplace: Workplace): string {
  const folder = workplace.makeDirectory('logs');
  const jails = names.map((name, index) => {
    writeFileSync(`${folder}/${name}.log`, 'nothing of interest\n'.repeat(100));
    const filter = index % 2 === 0 ? 'sshd' : 'nginx-http-auth';
    return `  ${name}:\n    filter: ${filter}\n    logpath: ${folder}/${name}.log\n    findtime: ${findtime}\n`;
  });
  const path = workplace.path('bailiff.yaml');
  writeFileSync(path, `jails:\n${jails.join('')}`);
  return path;
}

async function within(
  work: (daemon: Daemon, workplace: Workplace) => Promise<void>,
  filled = false,
): Promise<void> {
  const workplace = await Workplace.open();
  try {
    const { host } = await createNetwork(workplace);
    const config = configuration(workplace);
    mkdirSync(workplace.path('state'), { recursive: true });
    if (filled) fill(workplace.path('state'));
    const daemon = new Daemon(workplace, host, {
      BAILIFF_CONFIG: config,
      BAILIFF_DOCKER: 'false',
      BAILIFF_LISTEN: '',
      BAILIFF_LOG_LEVEL: 'error',
    });
    daemon.begin();
    for (let reading = 0; reading < jailCount; await pause(500)) {
      const status = await daemon.status().catch(() => null);
      reading = status?.sources.filter(({ state, lines }) => state === 'reading' && lines > 0).length ?? 0;
    }
    await work(daemon, workplace);
    await daemon.stop();
  } finally {
    await workplace.close();
  }
}

function print(what: string, { pid }: Daemon): void {
  process.stdout.write(`${what}: ${residentMiB(pid).toFixed(0)} MiB\n`);
}

/** Every tenth line is an attempt, of one of a hundred thousand addresses; the log is cut when it has grown. */
async function flood(daemon: Daemon, log: string): Promise<void> {
  const line = (serial: number): string => {
    const date = new Date().toISOString().replace('Z', '+00:00');
    const address = addressOf(60, (serial * 7_919) % 100_000).replace('::/64', '::1');
    const text =
      serial % 10 === 0 ? `Failed password for root from ${address} port 4242 ssh2` : 'Server listening';
    return `${date} web sshd[${serial % 30_000}]: ${text}\n`;
  };
  const ticksPerSecond = 10;
  const started = performance.now();
  for (let tick = 0; tick < floodMinutes * 60 * ticksPerSecond; tick++) {
    const serial = (tick * linesPerSecond) / ticksPerSecond;
    if (tick % (30 * ticksPerSecond) === 0) {
      print(`after ${(serial / 1e6).toFixed(1)} million lines at ${linesPerSecond}/s`, daemon);
      truncateSync(log);
    }
    appendFileSync(
      log,
      Array.from({ length: linesPerSecond / ticksPerSecond }, (_, at) => line(serial + at)).join(''),
    );
    await pause(Math.max(0, started + ((tick + 1) * 1_000) / ticksPerSecond - performance.now()));
  }
  print('at its end', daemon);
}

await within(async (daemon) => {
  await pause(settleSeconds * 1_000);
  print(`${jailCount} jails at idle`, daemon);
});
await within(async (daemon) => {
  await pause(settleSeconds * 1_000);
  print(`${jailCount * trackedPerJail} tracked addresses and ${banCount} bans, after a start`, daemon);
}, true);
await within((daemon, workplace) => flood(daemon, workplace.path('logs', 'jail0.log')));
