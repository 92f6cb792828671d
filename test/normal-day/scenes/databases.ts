import { member } from '../../e2e/testbed/machine.ts';
import { startMariadb } from '../../e2e/testbed/services/mariadb.ts';
import { type Day, type Scene, times } from '../day.ts';

const queries = [
  'SELECT 1',
  'SHOW DATABASES',
  "SELECT 'access denied for user root'",
  'SELECT count(*) FROM information_schema.tables',
];

/** Starts, connections, queries, connections that break off, and stops; with the log of queries switched on. */
export const mariadb: Scene = async (day) => {
  const log = day.machine.log('mariadb-general.log');
  await day.machine.run('sh', '-c', `: >${log}; chown mysql ${log}`);
  for (let run = 0; run < 4; run++) {
    const options = ['--general-log', `--general-log-file=${log}`, '--log-warnings=3'];
    const { process } = await startMariadb(day.machine, day.network, options);
    await day.machine.untilListening(process, 3306);
    await times(16, 4, async (n) => {
      const host = day.hostFor(n);
      const login = [`--host=${host}`, `--user=${member.name}`, `--password=${member.password}`];
      const client = ['mariadb', '--no-defaults', ...login];
      // Some end without a goodbye.
      if (n % 8 === 0)
        await day.visit(n, 'timeout', ['-s', 'KILL', '1', ...client, '--execute=SELECT sleep(3)']);
      else await day.visit(n, 'env', [...client, `--execute=${queries[n % queries.length]}`]);
    });
    await process.stop();
  }
};

const folder = '/usr/lib/postgresql/15/bin';

/** Sessions of an application that logs all it asks, and restarts. */
export const postgresql: Scene = async (day) => {
  const data = day.machine.makeDirectory('postgresql');
  await day.machine.run('chown', 'postgres', data);
  await asPostgres(day, `${folder}/initdb`, '--pgdata', data, '--auth=trust');
  day.machine.write('postgresql/pg_hba.conf', 'local all all trust\nhost all all all trust\n');
  const log = day.machine.log('postgresql.log');
  await day.machine.run('sh', '-c', `: >${log}; chown postgres ${log}`);
  const settings = [
    'log_connections=on',
    'log_disconnections=on',
    'log_statement=all',
    'listen_addresses=*',
    'log_checkpoints=on',
    `unix_socket_directories=${data}`,
    'log_line_prefix=%m [%p] %q%u@%d ',
  ];
  const options = settings.flatMap((each) => ['-c', each]);
  for (let run = 0; run < 2; run++) {
    const command = [`${folder}/postgres`, '-D', data, ...options].map((word) => `'${word}'`).join(' ');
    const server = await day.daemonAs('postgres', [data], 5432, 'sh', '-c', `exec ${command} 2>>${log}`);
    await times(30, 4, async (n) => {
      const host = day.hostFor(n);
      const query = queries[n % queries.length]?.replace('SHOW DATABASES', 'SELECT datname FROM pg_database');
      const login = [`--host=${host}`, '--username=postgres', '--dbname=postgres'];
      const [code, output] = await day.visit(n, 'psql', ['--no-psqlrc', ...login, `--command=${query}`]);
      if (code !== 0) throw new Error(output);
    });
    await server.stop('SIGINT');
  }
};

async function asPostgres(day: Day, ...command: string[]): Promise<void> {
  await day.machine.run('setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--init-groups', ...command);
}

/** Starts, snapshots, clients and stops. */
export const redis: Scene = async (day) => {
  const data = day.machine.makeDirectory('redis');
  for (let run = 0; run < 3; run++) {
    const log = ['--logfile', day.machine.log('redis.log'), '--loglevel', run === 2 ? 'debug' : 'verbose'];
    const options = ['--dir', data, ...log, '--requirepass', day.password, '--bind', '*', '::'];
    const server = await day.daemon(6379, 'redis-server', ...options);
    await times(12, 3, async (n) => {
      const host = day.hostFor(n);
      const commands = [['PING'], ['SET', `key-${n}`, 'AUTH failed'], ['BGSAVE'], ['INFO', 'server']];
      const command = commands[n % commands.length] ?? [];
      await day.visit(n, 'redis-cli', ['-h', host, '-a', day.password, '--no-auth-warning', ...command]);
    });
    await server.stop();
  }
};
