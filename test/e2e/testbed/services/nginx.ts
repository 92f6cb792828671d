import { member } from '../machine.ts';
import { curl, type StartService } from './service.ts';

const port = 80;

/** nginx with a site behind a password. */
export const startNginx: StartService = async (machine, network) => {
  const log = machine.log('nginx-error.log');
  const site = machine.makeDirectory('nginx');
  machine.write('nginx/index.html', 'for members\n');
  const users = machine.write('nginx.users', `${member.name}:${machine.passwordHash}\n`);
  const configuration = machine.write(
    'nginx.conf',
    `
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log ${log};
events {}
http {
  access_log ${machine.log('nginx-access.log')};
  server {
    listen ${port};
    listen [::]:${port};
    root ${site};
    auth_basic members;
    auth_basic_user_file ${users};
  }
}
`,
  );
  return {
    jail: 'nginx-http-auth',
    log,
    process: machine.start('nginx', 'nginx', ['-c', configuration, '-e', log, '-g', 'daemon off;']),
    login: (client, password) => curl(network, client, `http://HOST:${port}/`, `${member.name}:${password}`),
  };
};
