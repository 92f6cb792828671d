import { member } from '../machine.ts';
import { curl, type StartService } from './service.ts';

const port = 8081;
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

/** Apache with a site behind a password, its logs in Debian's formats. */
export const startApache2: StartService = async (machine, network) => {
  const log = machine.log('apache2-error.log');
  const site = machine.makeDirectory('apache2');
  machine.write('apache2/index.html', 'for members\n');
  const users = machine.write('apache2.users', `${member.name}:${machine.passwordHash}\n`);
  const configuration = machine.write(
    'apache2.conf',
    `
ServerRoot ${site}
ServerName example.org
DefaultRuntimeDir /run
PidFile /run/apache2.pid
User www-data
Group www-data
Listen ${port}
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
TypesConfig /etc/mime.types
ErrorLog ${log}
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
CustomLog ${machine.log('apache2-access.log')} combined
DocumentRoot ${site}
<Directory ${site}>
  AuthType Basic
  AuthName members
  AuthUserFile ${users}
  Require valid-user
</Directory>
`,
  );
  return {
    jail: 'apache-auth',
    log,
    process: machine.start('apache2', 'apache2', ['-f', configuration, '-D', 'FOREGROUND']),
    login: (client, password) => curl(network, client, `http://HOST:${port}/`, `${member.name}:${password}`),
  };
};
