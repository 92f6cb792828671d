import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Addressed } from '../addressed.ts';
import { member } from '../machine.ts';
import { ask, hostFor, type StartService } from './service.ts';

/** MariaDB with an account for the member from anywhere, its error log in a file. */
export const startMariadb: StartService = async (machine, network, further = []) => {
  const log = machine.log('mariadb-error.log');
  const data = machine.makeDirectory('mariadb');
  const account = machine.write(
    'mariadb.sql',
    `CREATE USER IF NOT EXISTS ${member.name}@'%' IDENTIFIED BY '${member.password}';\n`,
  );
  await machine.run('sh', '-c', `touch ${log}; chown mysql ${log}`);
  const common = ['--no-defaults', `--datadir=${data}`, '--user=mysql'];
  if (!existsSync(join(data, 'mysql'))) {
    await machine.run('mariadb-install-db', ...common, '--skip-test-db', '--skip-name-resolve');
  }
  const clients = new Addressed(network);
  const server = [...common, `--socket=${data}/socket`, `--log-error=${log}`];
  return {
    jail: 'mysql',
    log,
    process: machine.start('mariadbd', 'mariadbd', [...server, `--init-file=${account}`, ...further]),
    login: async (client, password) => {
      const login = [`--host=${hostFor(network, client)}`, `--user=${member.name}`, `--password=${password}`];
      const args = ['--no-defaults', `--connect-timeout=${client.patience}`, ...login, '--execute=SELECT 1'];
      return await ask(network, client, ...(await clients.command(client.address, 'mariadb', args)), verdict);
    },
  };
};

/** The client's errors (mariadb.com/kb, "Error codes"): 1045 access denied; 2002, 2003, 2013 no connection, 110 for time. */
function verdict(exitCode: number, output: string) {
  if (exitCode === 0) return 'in';
  if (output.includes('ERROR 1045')) return 'refused';
  return /ERROR 20\d\d .*\(110\)|ERROR 2013 /.test(output) ? 'silence' : undefined;
}
