/**
 * What it costs to watch what says nothing: 300 log files (one pattern, in one folder) and 100 containers of a real Docker
 * engine, by the daemon as users run it, with the packet filter of a namespace of its own and 20 bans in it.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../test/e2e/testbed/command.ts';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { buildFlags, type Engine } from '../test/e2e/testbed/engine.ts';
import { startEngine } from '../test/e2e/testbed/images.ts';
import { createNetwork } from '../test/e2e/testbed/network.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { cpuSeconds, residentMiB } from './processes.ts';
import { report } from './report.ts';

const files = 300;
const containers = 100;
const bans = 20;
const warmUpSeconds = 45;
const idleSeconds = 120;

interface Watched {
  readonly files: number;
  readonly containers: number;
}

async function measure(workplace: Workplace, engine: Engine, watched: Watched): Promise<string[]> {
  const name = `${watched.files}-${watched.containers}`;
  const folder = workplace.makeDirectory(`logs-${name}`);
  for (let index = 0; index < watched.files; index++)
    writeFileSync(`${folder}/site-${index}.access.log`, 'nothing of interest\n'.repeat(100));
  const daemon = new Daemon(workplace, await namespace, {
    BAILIFF_STATE_DIR: workplace.makeDirectory(`state-${name}`),
    BAILIFF_DOCKER_SOCKET: engine.socket,
    BAILIFF_JAILS: 'nginx-http-auth',
    BAILIFF_JAIL_NGINX_HTTP_AUTH_LOGPATH: `${folder}/*.log`,
    BAILIFF_JAIL_NGINX_HTTP_AUTH_CONTAINER: watched.containers === 0 ? 'none-*' : 'idle-*',
    BAILIFF_LOG_LEVEL: 'error',
    BAILIFF_LISTEN: '',
  });
  const began = performance.now();
  daemon.begin();
  await eventually(`${name} are read`, async () => await reads(daemon, watched), 120);
  const seconds = (performance.now() - began) / 1_000;
  for (let index = 1; index <= bans; index++) await daemon.json('ban', `203.0.113.${index}`);
  await pause(warmUpSeconds * 1_000);
  const before = cpuSeconds(daemon.pid);
  await pause(idleSeconds * 1_000);
  const share = ((cpuSeconds(daemon.pid) - before) / idleSeconds) * 100;
  const memory = residentMiB(daemon.pid);
  await daemon.stop();
  process.stdout.write(`${name}: all read after ${seconds.toFixed(1)} s\n`);
  return [
    `${watched.files}`,
    `${watched.containers}`,
    `${share.toFixed(2)} % of a core`,
    `${memory.toFixed(0)} MiB`,
  ];
}

/** Whether all that there is to watch is being read. */
async function reads(daemon: Daemon, watched: Watched): Promise<boolean> {
  const { sources } = await daemon.status();
  const reading = sources.filter(({ state }) => state === 'reading').map(({ id }) => id);
  const ofContainers = reading.filter((id) => id.startsWith('docker:')).length;
  const ofFiles = reading.filter((id) => id.endsWith('.access.log')).length;
  return ofContainers === watched.containers && ofFiles === watched.files;
}

const workplace = await Workplace.open();
const namespace = createNetwork(workplace).then(({ host }) => host);
const engine = await startEngine(workplace, buildFlags);
try {
  for (let started = 0; started < containers; started++) {
    const options = ['--detach', '--network=none', `--name=idle-${started}`];
    await engine.docker('run', ...options, 'nginx:stable', 'sleep', 'infinity');
  }
  const rows: string[][] = [];
  for (const watched of [
    { files: 1, containers: 0 },
    { files, containers: 0 },
    { files, containers },
  ]) {
    const row = await measure(workplace, engine, watched);
    process.stdout.write(`${row.join(', ')}\n`);
    rows.push(row);
  }
  await report(
    'idle',
    `What the daemon and its children use in ${idleSeconds} s in which nothing happens, with ${bans} bans in the packet filter`,
    ['files', 'containers', 'idle', 'resident'],
    rows,
  );
} finally {
  await engine.stop();
  await workplace.close();
}
