import { inside, run } from '../command.ts';
import { member } from '../machine.ts';
import type { Network } from '../network.ts';
import { ask, type Client, hostFor, type StartService } from './service.ts';

/** MariaDB with an account for the member from anywhere, its error log in a file. */
export const startMariadb: StartService = async (machine, network) => {
  const log = machine.log('mariadb-error.log');
  const data = machine.makeDirectory('mariadb');
  const account = machine.write(
    'mariadb.sql',
    `CREATE USER ${member.name}@'%' IDENTIFIED BY '${member.password}';\n`,
  );
  machine.write('log/mariadb-error.log', '');
  await machine.run('chown', 'mysql', log);
  const common = ['--no-defaults', `--datadir=${data}`, '--user=mysql'];
  await machine.run('mariadb-install-db', ...common, '--skip-test-db', '--skip-name-resolve');
  const sources = new Sources(network);
  const server = [...common, `--socket=${data}/socket`, `--log-error=${log}`];
  return {
    jail: 'mariadb',
    log,
    process: machine.start('mariadbd', 'mariadbd', [...server, `--init-file=${account}`]),
    login: async (client, password) => {
      const login = [`--host=${hostFor(network, client)}`, `--user=${member.name}`, `--password=${password}`];
      const command = [
        'mariadb',
        '--no-defaults',
        `--connect-timeout=${client.patience}`,
        ...login,
        '--execute=SELECT 1',
      ];
      return await ask(network, 'setpriv', [...(await sources.from(client)), ...command], verdict);
    },
  };
};

/** The client's errors (mariadb.com/kb, "Error codes"): 1045 access denied; 2002, 2003, 2013 no connection, 110 for time. */
function verdict(exitCode: number, output: string) {
  if (exitCode === 0) return 'in';
  if (output.includes('ERROR 1045')) return 'refused';
  return /ERROR 20\d\d .*\(110\)|ERROR 2013 /.test(output) ? 'silence' : undefined;
}

/** MariaDB's client cannot be told its own address: each has a user id, which the kernel gives the address to. */
class Sources {
  readonly #network: Network;
  readonly #ids = new Map<string, Promise<number>>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** The words for setpriv. */
  async from(client: Client): Promise<string[]> {
    const known = this.#ids.get(client.address) ?? this.#route(client, 30_000 + this.#ids.size);
    this.#ids.set(client.address, known);
    const id = `${await known}`;
    return ['--reuid', id, '--regid', id, '--clear-groups'];
  }

  async #route(client: Client, id: number): Promise<number> {
    const family = client.address.includes(':') ? '-6' : '-4';
    const ip = (...words: string[]) => run(...inside(this.#network.internet, 'ip', [family, ...words]));
    await ip('rule', 'add', 'uidrange', `${id}-${id}`, 'table', `${id}`);
    const host = hostFor(this.#network, client);
    await ip('route', 'add', host, 'dev', 'inside', 'src', client.address, 'table', `${id}`);
    return id;
  }
}
