import { type Scene, times } from '../day.ts';

/** People who become root, and root who becomes others. */
export const accounts: Scene = async (day) => {
  day.machine.write(
    'etc/sudoers',
    'root ALL=(ALL:ALL) ALL\nalice ALL=(ALL) NOPASSWD: ALL\ndeploy ALL=(www-data) NOPASSWD: ALL\n',
    0o440,
  );
  const commands = [
    '/usr/bin/id',
    '/bin/ls /root',
    '/usr/bin/apt-get --version',
    '/bin/cat /var/log/auth-failed.txt',
    '/usr/bin/tail -n 1 /etc/hosts',
  ];
  await times(40, 2, async (n) => {
    const command = commands[n % commands.length];
    await day.machine.run('su', 'alice', '-c', `sudo -n ${command} || true`);
    if (n % 2 === 0) await day.machine.run('su', 'deploy', '-c', `sudo -n -u www-data ${command} || true`);
  });
  await times(20, 2, (n) => day.machine.run('su', day.person(n), '-c', 'true'));
};
