import { run } from './command.ts';
import type { Machine } from './machine.ts';
import type { Running } from './workplace.ts';

export const sshPort = 22;

/** A real sshd on the machine, which logs to its auth.log. `settings`: lines of sshd_config. */
export async function startSshServer(machine: Machine, ...settings: readonly string[]): Promise<Running> {
  const key = machine.path('host_key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const common = [`Port ${sshPort}`, `HostKey ${key}`, 'PidFile none', 'UseDNS no', 'MaxStartups 100'];
  const configuration = machine.write('sshd_config', `${[...common, ...settings].join('\n')}\n`);
  // sshd insists on being called by its whole path.
  const server = machine.start('sshd', '/usr/sbin/sshd', ['-D', '-f', configuration]);
  await machine.untilListening(server, sshPort);
  return server;
}
