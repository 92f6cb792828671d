import { setTimeout } from 'node:timers/promises';
import type { Scene } from '../day.ts';

/** Minutes that the jobs run for. */
const minutes = 3;

/** Jobs of every minute, under several accounts. */
export const cron: Scene = async (day) => {
  const users = ['root', 'alice', 'www-data', 'deploy', 'backup'];
  const commands = [
    'test -x /usr/sbin/anacron || true',
    '[ -d /var/lib/php/sessions ] && true',
    '/usr/bin/true --report /var/log/failed-logins.txt',
    'cd / && run-parts --test /etc/cron.hourly >/dev/null',
    'echo "authentication failure for root from 198.51.100.7" >/dev/null',
    'command -v debian-sa1 >/dev/null && debian-sa1 1 1 || true',
  ];
  const jobs = commands.flatMap((command) => users.map((user) => `* * * * * ${user} ${command}`));
  day.machine.write('etc/crontab', `SHELL=/bin/sh\nMAILTO=""\n${jobs.join('\n')}\n`);
  // Not the jobs of this machine.
  const alone =
    'for folder in /etc/cron.d /var/spool/cron; do mount -t tmpfs none $folder; done; exec cron -f';
  const daemon = day.machine.start('cron', 'sh', ['-c', alone]);
  await setTimeout((60 * minutes + 5) * 1_000);
  await daemon.stop();
};
