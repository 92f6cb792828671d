import { copyFileSync } from 'node:fs';
import { run } from '../../e2e/testbed/command.ts';
import { sshCommand } from '../../e2e/testbed/ssh-client.ts';
import { sshPort, startSshServer } from '../../e2e/testbed/ssh-server.ts';
import { type Day, people, type Scene, times } from '../day.ts';

/** Logins with passwords and keys, commands, file transfers; a reload; then the same in a more talkative server. */
export const sshd: Scene = async (day) => {
  const key = day.machine.path('user_key');
  for (const name of [key, `${key}_old`])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', name]);
  for (const person of people) await authorize(day, person, `${key}.pub`);
  const settings = ['UsePAM yes', 'Subsystem sftp internal-sftp', 'StrictModes no'];
  const first = await startSshServer(day.machine, ...settings);
  await times(40, 4, (n) => withPassword(day, n));
  await times(24, 4, (n) => withKey(day, n, key));
  await day.machine.run('kill', '-HUP', `${first.pid}`);
  await day.machine.untilListening(first, sshPort);
  await times(6, 2, (n) => withPassword(day, n));
  await first.stop();
  await run('rm', [day.machine.path('host_key')]);
  const second = await startSshServer(day.machine, ...settings, 'LogLevel VERBOSE');
  await times(20, 4, (n) => withKey(day, n, key));
  await times(12, 4, (n) => withPassword(day, n));
  await second.stop();
};

async function authorize(day: Day, person: string, key: string): Promise<void> {
  const folder = day.machine.makeDirectory(`home/${person}/.ssh`);
  copyFileSync(key, `${folder}/authorized_keys`);
}

async function withPassword(day: Day, n: number): Promise<void> {
  const host = day.hostFor(n);
  const login = { from: day.visitor(n), host, port: sshPort, user: day.person(n) };
  await day.client(...spread(sshCommand({ ...login, password: day.password, patience: 20 })));
}

/** An agent's first key may be one that the server does not know. */
async function withKey(day: Day, n: number, key: string): Promise<void> {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    `BindAddress=${day.visitor(n)}`,
  ];
  const keys = n % 3 === 0 ? ['-i', `${key}_old`, '-i', key] : ['-i', key];
  const common = ['-F', 'none', ...keys, ...options.flatMap((each) => ['-o', each])];
  if (n % 4 === 3) {
    await day.client(
      'scp',
      ...common,
      '/etc/debian_version',
      `${day.person(n)}@${day.urlHostFor(n)}:version-${n}`,
    );
  } else {
    const command = n % 2 === 0 ? 'true' : 'echo "$SSH_CLIENT"';
    await day.client('ssh', ...common, `${day.person(n)}@${day.hostFor(n)}`, command);
  }
}

const spread = ([file, args]: [string, string[]]): [string, ...string[]] => [file, ...args];
