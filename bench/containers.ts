/**
 * What it costs to follow many containers that say nothing: the daemon as users run it, a real Docker engine,
 * and how long the first line of the last container takes. Figures of one run and one machine.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../test/e2e/testbed/command.ts';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { buildFlags } from '../test/e2e/testbed/engine.ts';
import { startEngine } from '../test/e2e/testbed/images.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { cpuSeconds, residentMiB } from './processes.ts';

const containers = Number(process.argv[2] ?? 100);
const warmUpSeconds = 20;
const idleSeconds = 60;

async function share(pid: number): Promise<number> {
  await pause(warmUpSeconds * 1_000);
  const before = cpuSeconds(pid);
  await pause(idleSeconds * 1_000);
  return ((cpuSeconds(pid) - before) / idleSeconds) * 100;
}

async function measure(workplace: Workplace, count: number): Promise<void> {
  const daemon = new Daemon(workplace, await workplace.addNamespace(`bench-${count}`), {
    BAILIFF_ENFORCE: 'dry-run',
    BAILIFF_JAILS: 'nginx-http-auth',
    BAILIFF_JAIL_NGINX_HTTP_AUTH_CONTAINER: 'idle-*',
    BAILIFF_LISTEN: 'off',
    BAILIFF_STATE_DIR: workplace.makeDirectory(`state-${count}`),
  });
  const began = performance.now();
  await daemon.start();
  await eventually(
    'all are read',
    async () => {
      const { sources } = await daemon.status();
      return (
        sources.filter(({ id, state }) => id.startsWith('docker:') && state === 'reading').length === count
      );
    },
    120,
  );
  const seconds = (performance.now() - began) / 1_000;
  const idle = await share(daemon.pid);
  process.stdout.write(
    `${count} idle containers: read ${seconds.toFixed(1)} s after the start, ` +
      `${idle.toFixed(2)} % of a core, ${residentMiB(daemon.pid).toFixed(0)} MiB\n`,
  );
  await daemon.stop();
}

const workplace = await Workplace.open();
const engine = await startEngine(workplace, buildFlags);
try {
  await measure(workplace, 0);
  for (let started = 0; started < containers; started++) {
    const options = ['--detach', '--network=none', '--label=bench', `--name=idle-${started}`];
    await engine.docker('run', ...options, 'nginx:stable', 'sleep', 'infinity');
  }
  await measure(workplace, containers);
} finally {
  await engine.stop();
  await workplace.close();
}
