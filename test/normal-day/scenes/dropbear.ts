import { run } from '../../e2e/testbed/command.ts';
import { sshCommand } from '../../e2e/testbed/ssh-client.ts';
import { type Scene, times } from '../day.ts';

/** Logins on a small SSH server. */
export const dropbear: Scene = async (day) => {
  const key = day.machine.path('dropbear_key');
  await run('dropbearkey', ['-t', 'ed25519', '-f', key]);
  const server = await day.daemon(2222, 'dropbear', '-F', '-r', key, '-p', '2222');
  await times(25, 3, async (n) => {
    const host = day.hostFor(n);
    const login = { from: day.visitor(n), host, port: 2222, user: day.person(n), password: day.password };
    const [file, args] = sshCommand({ ...login, patience: 20 });
    await day.client(file, ...args);
  });
  await server.stop();
};
