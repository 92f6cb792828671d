import { member } from '../../e2e/testbed/machine.ts';
import { startMariadb } from '../../e2e/testbed/services/mariadb.ts';
import { type Day, type Scene, times } from '../day.ts';

const queries = [
  'SELECT 1',
  'SHOW DATABASES',
  "SELECT 'access denied for user root'",
  'SELECT count(*) FROM information_schema.tables',
];

/** Starts, connections, queries, connections that break off, a dump and stops; with the log of queries switched on. */
export const mariadb: Scene = async (day) => {
  const log = day.machine.log('mariadb-general.log');
  await day.machine.run('sh', '-c', `: >${log}; chown mysql ${log}`);
  for (let run = 0; run < 4; run++) {
    const options = ['--general-log', `--general-log-file=${log}`, '--log-warnings=3'];
    const { process } = await startMariadb(day.machine, day.network, options);
    await day.machine.untilListening(process, 3306);
    await times(16, 4, async (n) => {
      const host = day.hostFor(n).replace(/[[\]]/g, '');
      const login = [`--host=${host}`, `--user=${member.name}`, `--password=${member.password}`];
      // A client that is ended without a goodbye.
      const kill = n % 8 === 0 ? ['timeout', '-s', 'KILL', '1', 'mariadb'] : ['mariadb'];
      const query = n % 8 === 0 ? 'SELECT sleep(3)' : (queries[n % queries.length] as string);
      await day.visit(n, kill[0] as string, [
        ...kill.slice(1),
        '--no-defaults',
        ...login,
        `--execute=${query}`,
      ]);
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
      const host = day.hostFor(n).replace(/[[\]]/g, '');
      const [code, output] = await day.visit(n, 'psql', [
        '-X',
        '-h',
        host,
        '-U',
        'postgres',
        '-c',
        queries[n % 4]?.replace('SHOW DATABASES', 'SELECT datname FROM pg_database') ?? '',
        'postgres',
      ]);
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
    const options = [
      '--dir',
      data,
      '--logfile',
      day.machine.log('redis.log'),
      '--loglevel',
      run === 2 ? 'debug' : 'verbose',
      '--requirepass',
      day.password,
      '--bind',
      '*',
      '::',
    ];
    const server = await day.daemon(6379, 'redis-server', ...options);
    await times(12, 3, async (n) => {
      const host = day.hostFor(n).replace(/[[\]]/g, '');
      const command =
        [['PING'], ['SET', `key-${n}`, 'AUTH failed'], ['BGSAVE'], ['INFO', 'server']][n % 4] ?? [];
      await day.visit(n, 'redis-cli', ['-h', host, '-a', day.password, '--no-auth-warning', ...command]);
    });
    await server.stop();
  }
};
