import { member } from '../../e2e/testbed/machine.ts';
import type { Running } from '../../e2e/testbed/workplace.ts';
import { type Day, type Scene, times } from '../day.ts';
import { browse, writeSite } from '../site.ts';

/** Visitors of the site on this port, twice, with a reload between. */
async function visitors(
  day: Day,
  server: Running,
  port: number,
  reload: NodeJS.Signals | null,
): Promise<void> {
  await times(9, 3, (n) => browse(day, n, port, 27));
  if (reload !== null) {
    await day.machine.run('kill', `-${reload.slice(3)}`, `${server.pid}`);
    await day.machine.untilListening(server, port);
  }
  await times(4, 2, (n) => browse(day, n + 10, port, 20));
  await server.stop(port === 80 ? 'SIGQUIT' : 'SIGTERM');
}

export const nginx: Scene = async (day) => {
  const users = day.machine.write('day.users', `${member.name}:${day.machine.passwordHash}\n`);
  const log = day.machine.log('nginx-error.log');
  const configuration = day.machine.write(
    'day-nginx.conf',
    `user www-data; worker_processes 1; pid /run/nginx.pid; error_log ${log} info; events {}
http {
  include /etc/nginx/mime.types;
  access_log ${day.machine.log('nginx-access.log')} combined;
  limit_req_zone $binary_remote_addr zone=all:1m rate=2000r/s;
  server {
    listen 80; listen [::]:80; server_name example.org; root ${writeSite(day)};
    limit_req zone=all burst=100;
    location /members/ { auth_basic members; auth_basic_user_file ${users}; }
  }
}
`,
  );
  const server = await day.daemon(80, 'nginx', '-c', configuration, '-e', log, '-g', 'daemon off;');
  await visitors(day, server, 80, 'SIGHUP');
};

export const apache2: Scene = async (day) => {
  const users = day.machine.write('day.users', `${member.name}:${day.machine.passwordHash}\n`);
  const site = writeSite(day);
  const modules = [
    'mpm_event',
    'authn_core',
    'authn_file',
    'authz_core',
    'authz_user',
    'auth_basic',
    'mime',
    'dir',
  ];
  const configuration = day.machine.write(
    'day-apache2.conf',
    `ServerRoot ${site}
ServerName example.org
DefaultRuntimeDir /run
PidFile /run/apache2.pid
User www-data
Group www-data
Listen 8081
LogLevel info
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
TypesConfig /etc/mime.types
ErrorLog ${day.machine.log('apache2-error.log')}
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
CustomLog ${day.machine.log('apache2-access.log')} vhost_combined
DocumentRoot ${site}
<Directory ${site}/members>
  AuthType Basic
  AuthName members
  AuthUserFile ${users}
  Require valid-user
</Directory>
`,
  );
  const server = await day.daemon(8081, 'apache2', '-f', configuration, '-D', 'FOREGROUND');
  await visitors(day, server, 8081, 'SIGUSR1');
};

export const lighttpd: Scene = async (day) => {
  const configuration = day.machine.write(
    'lighttpd.conf',
    `server.modules = ( "mod_accesslog" )
server.document-root = "${writeSite(day)}"
server.port = 8082
$SERVER["socket"] == "[::]:8082" { }
server.errorlog = "${day.machine.log('lighttpd-error.log')}"
accesslog.filename = "${day.machine.log('lighttpd-access.log')}"
index-file.names = ( "index.html" )
`,
  );
  const server = await day.daemon(8082, 'lighttpd', '-D', '-f', configuration);
  await visitors(day, server, 8082, null);
};

export const caddy: Scene = async (day) => {
  const folder = day.machine.makeDirectory('caddy');
  const configuration = day.machine.write(
    'Caddyfile',
    `{
  admin off
  auto_https off
  storage file_system ${folder}
  log {
    output file ${day.machine.log('caddy.log')}
  }
}
:8083 {
  root * ${writeSite(day)}
  file_server
  log {
    output file ${day.machine.log('caddy-access.log')}
  }
}
`,
  );
  const server = await day.daemon(
    8083,
    'env',
    `XDG_CONFIG_HOME=${folder}`,
    'caddy',
    'run',
    '--adapter',
    'caddyfile',
    '--config',
    configuration,
  );
  await visitors(day, server, 8083, null);
};

/** In front of a server of its own. */
export const haproxy: Scene = async (day) => {
  const site = writeSite(day);
  const behind = await day.daemon(8085, 'python3', '-m', 'http.server', '8085', '--directory', site);
  const configuration = day.machine.write(
    'haproxy.cfg',
    `global
  log /dev/log local0
defaults
  log global
  mode http
  option httplog
  option dontlognull
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend site
  bind :::8084 v4v6
  default_backend pages
backend pages
  server one 127.0.0.1:8085 check
`,
  );
  const server = await day.daemon(8084, 'haproxy', '-db', '-f', configuration);
  await visitors(day, server, 8084, null);
  await behind.stop();
};

/** A proxy of the people's, here in front of the site. */
export const squid: Scene = async (day) => {
  const site = writeSite(day);
  const behind = await day.daemon(8087, 'python3', '-m', 'http.server', '8087', '--directory', site);
  const configuration = day.machine.write(
    'squid.conf',
    `http_port 8086 accel defaultsite=example.org no-vhost
cache_peer 127.0.0.1 parent 8087 0 no-query originserver
http_access allow all
pid_filename none
cache_log ${day.machine.log('squid-cache.log')}
access_log stdio:${day.machine.log('squid-access.log')} squid
coredump_dir none
cache_effective_user proxy
shutdown_lifetime 1 second
`,
  );
  for (const name of ['squid-cache.log', 'squid-access.log']) {
    day.machine.write(`log/${name}`, '');
    await day.machine.run('chown', 'proxy', day.machine.log(name));
  }
  const server = await day.daemon(8086, 'squid', '-N', '-f', configuration);
  await visitors(day, server, 8086, null);
  await behind.stop();
};
