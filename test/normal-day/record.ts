import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workplace } from '../e2e/testbed/workplace.ts';
import { Day, type Scene } from './day.ts';
import { published } from './published.ts';
import { accounts } from './scenes/accounts.ts';
import { cron } from './scenes/cron.ts';
import { mariadb, postgresql, redis } from './scenes/databases.ts';
import { dropbear } from './scenes/dropbear.ts';
import { ftp } from './scenes/ftp.ts';
import { mail } from './scenes/mail.ts';
import { named } from './scenes/names.ts';
import { samba } from './scenes/samba.ts';
import { sshd } from './scenes/sshd.ts';
import { apache2, caddy, haproxy, lighttpd, nginx, squid } from './scenes/web.ts';

/**
 * Records the logs of a normal day: runs real daemons with clients that do nothing wrong, and writes what was logged to
 * `lines`, a file a log, without anything of this machine. As root, with the packages of `debian-packages` and
 * test/setup/debian-packages: `bin/node24 test/normal-day/record.ts`. Names of scenes record these alone, and print.
 */
const scenes: Readonly<Record<string, Scene>> = {
  accounts,
  apache2,
  caddy,
  dropbear,
  ftp,
  haproxy,
  lighttpd,
  mail,
  mariadb,
  named,
  nginx,
  postgresql,
  redis,
  samba,
  squid,
  sshd,
};

const asked = process.argv.slice(2);
const workplace = await Workplace.open();
try {
  const day = await Day.begin(workplace);
  const jobs = asked.length === 0 || asked.includes('cron') ? cron(day) : undefined;
  for (const [name, scene] of Object.entries(scenes)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const started = performance.now();
    await scene(day);
    process.stderr.write(`${name}: ${Math.round((performance.now() - started) / 1_000)} s\n`);
  }
  await jobs;
  write(day);
} finally {
  await workplace.close();
}

function write(day: Day): void {
  const folder = join(import.meta.dirname, 'lines');
  if (asked.length === 0) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(day.machine.path('log'), { withFileTypes: true })) {
    // Samba makes folders there, for dumps.
    if (!entry.isFile()) continue;
    const log = entry.name;
    const lines = published(readFileSync(day.machine.log(log), 'utf8'), day.machine.path());
    process.stderr.write(`${log}: ${lines.length} lines\n`);
    if (asked.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    else if (lines.length > 0) writeFileSync(join(folder, log), `${lines.join('\n')}\n`);
  }
}
