import { member } from '../machine.ts';
import { sshCommand } from '../ssh-client.ts';
import { sshPort, startSshServer } from '../ssh-server.ts';
import { ask, hostFor, type StartService } from './service.ts';

/** OpenSSH's server for the machine's accounts, over PAM as Debian has it. */
export const startSshd: StartService = async (machine, network) => ({
  jail: 'sshd',
  log: machine.log('auth.log'),
  process: await startSshServer(machine, 'UsePAM yes', 'KbdInteractiveAuthentication no'),
  login: async (client, password) => {
    const { address: from, patience } = client;
    const host = hostFor(network, client);
    const login = { from, host, port: sshPort, user: member.name, password, patience };
    return await ask(network, client, ...sshCommand(login), verdict);
  },
});

function verdict(exitCode: number, output: string) {
  if (exitCode === 0) return 'in';
  if (output.includes('Permission denied')) return 'refused';
  return /timed out/i.test(output) ? 'silence' : undefined;
}
