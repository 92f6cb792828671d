import { inside, run } from './command.ts';
import type { Network } from './network.ts';

/**
 * Client programs that cannot be told their own address: for each address there is a user id, and the kernel gives what
 * runs under it that address.
 */
export class Addressed {
  readonly #network: Network;
  readonly #ids = new Map<string, Promise<number>>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** The command line that runs a command on the internet with this address. */
  async command(address: string, file: string, args: readonly string[]): Promise<[string, string[]]> {
    const known = this.#ids.get(address) ?? this.#route(address, 30_000 + this.#ids.size);
    this.#ids.set(address, known);
    const id = `${await known}`;
    return ['setpriv', ['--reuid', id, '--regid', id, '--clear-groups', file, ...args]];
  }

  async #route(address: string, id: number): Promise<number> {
    const family = address.includes(':') ? 6 : 4;
    const ip = (...words: string[]) => run(...inside(this.#network.internet, 'ip', [`-${family}`, ...words]));
    await ip('rule', 'add', 'uidrange', `${id}-${id}`, 'table', `${id}`);
    const host = this.#network.hostAddress[family];
    await ip('route', 'add', host, 'dev', 'inside', 'src', address, 'table', `${id}`);
    return id;
  }
}
