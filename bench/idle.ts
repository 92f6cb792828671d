/** What it costs to watch many files in which nothing happens: one pattern, in one folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { createNetwork } from '../test/e2e/testbed/network.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { cpuSeconds, residentMiB } from './processes.ts';

const warmUpSeconds = 20;
const idleSeconds = 40;

async function measure(files: number): Promise<void> {
  const workplace = await Workplace.open();
  try {
    const { host } = await createNetwork(workplace);
    const folder = workplace.path('logs');
    mkdirSync(folder);
    for (let index = 0; index < files; index++) {
      writeFileSync(`${folder}/site-${index}.access.log`, 'nothing of interest\n'.repeat(100));
    }
    const daemon = new Daemon(workplace, host, {
      // Neither the packet filter nor Docker is what is measured here.
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_DOCKER: 'false',
      BAILIFF_JAILS: 'nginx-http-auth',
      BAILIFF_JAIL_NGINX_HTTP_AUTH_LOGPATH: `${folder}/*.log`,
      BAILIFF_LOG_LEVEL: 'error',
      BAILIFF_LISTEN: '',
    });
    daemon.begin();
    for (let reading = 0; reading < files; await pause(200)) {
      const status = await daemon.status().catch(() => null);
      reading = status?.sources.filter(({ state, lines }) => state === 'reading' && lines > 0).length ?? 0;
    }
    await pause(warmUpSeconds * 1000);
    const cpu = cpuSeconds(daemon.pid);
    await pause(idleSeconds * 1000);
    const share = (cpuSeconds(daemon.pid) - cpu) / idleSeconds;
    process.stdout.write(
      `${files} files at idle: ${(share * 100).toFixed(2)} % of a core, ${residentMiB(daemon.pid).toFixed(0)} MiB\n`,
    );
    await daemon.stop();
  } finally {
    await workplace.close();
  }
}

for (const files of [1, 300]) await measure(files);
