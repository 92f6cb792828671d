import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { eventually, inside, run, succeeds } from './command.ts';
import type { Workplace } from './workplace.ts';

export const sshPort = 22;
/** sshd insists on this directory; on a machine where no sshd ever ran it is missing. */
const privilegeSeparation = '/run/sshd';

/**
 * A /dev of its own for sshd, with the devices it needs and /dev/log as a link to our syslog daemon:
 * so it logs exactly as on a real host, and this machine's /dev stays as it is.
 */
const ownDevices = `
set -e
mount -t tmpfs none "$1"
for device in null zero full random urandom tty; do touch "$1/$device"; mount --bind "/dev/$device" "$1/$device"; done
ln -s "$2" "$1/log"
mount --rbind "$1" /dev
exec /usr/sbin/sshd -D -f "$3"
`;

/** A real sshd in the namespace, writing through a real rsyslog. Returns the path of its auth.log. */
export async function startSshServer(workplace: Workplace, namespace: string): Promise<string> {
  const log = workplace.path('auth.log');
  const socket = workplace.path('syslog.sock');
  startSyslog(workplace, socket, log);
  await eventually('rsyslog listens', () => existsSync(socket));

  const key = workplace.path('host_key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const configuration = workplace.path('sshd_config');
  const settings = [
    `Port ${sshPort}`,
    `HostKey ${key}`,
    'PidFile none',
    'UsePAM no',
    'UseDNS no',
    'MaxStartups 100',
  ];
  settings.push('PermitRootLogin yes', 'PasswordAuthentication yes', 'StrictModes no');
  writeFileSync(configuration, `${settings.join('\n')}\n`);
  mkdirSync(privilegeSeparation, { recursive: true, mode: 0o755 });
  const args = [
    '--mount',
    'sh',
    '-c',
    ownDevices,
    'sshd',
    workplace.makeDirectory('dev'),
    socket,
    configuration,
  ];
  const server = workplace.start('sshd', 'unshare', args, { namespace });
  await eventually('sshd listens', async () => {
    if (!server.isAlive()) throw new Error(server.output());
    return await succeeds(...inside(namespace, 'ssh-keyscan', ['-p', `${sshPort}`, '127.0.0.1']));
  });
  return log;
}

function startSyslog(workplace: Workplace, socket: string, log: string): void {
  const configuration = workplace.path('rsyslog.conf');
  const lines = [
    'module(load="imuxsock" SysSock.Use="off")',
    `input(type="imuxsock" Socket="${socket}")`,
    // Debian's own setting for auth.log; the template is rsyslog's default.
    `auth,authpriv.* ${log}`,
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  workplace.start('rsyslogd', 'rsyslogd', ['-n', '-f', configuration, '-i', workplace.path('rsyslogd.pid')]);
}
