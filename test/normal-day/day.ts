import { execa } from 'execa';
import { Addressed } from '../e2e/testbed/addressed.ts';
import { inside, run } from '../e2e/testbed/command.ts';
import { Machine, member } from '../e2e/testbed/machine.ts';
import { createNetwork, type Network } from '../e2e/testbed/network.ts';
import type { Running, Workplace } from '../e2e/testbed/workplace.ts';

/** Who has an account beside the member. */
export const people = ['alice', 'bob', 'carol', 'deploy'] as const;

/** How many addresses they come from. */
const visitors = 60;

/** What legitimate clients do with one program on a normal day. It ends when their lines are written. */
export type Scene = (day: Day) => Promise<void>;

/** The machine that a normal day is recorded on, and who uses it. */
export class Day {
  readonly machine: Machine;
  readonly network: Network;
  readonly password = member.password;
  readonly #addressed: Addressed;

  private constructor(machine: Machine, network: Network) {
    this.machine = machine;
    this.network = network;
    this.#addressed = new Addressed(network);
  }

  static async begin(workplace: Workplace): Promise<Day> {
    const network = await createNetwork(workplace);
    const machine = await Machine.boot(workplace, network.host, people);
    // Half of them have a name.
    const named = Array.from(
      { length: visitors / 2 },
      (_, n) => `${network.attacker(2 * n + 1)} desk-${n}.example.net`,
    );
    machine.write('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 host\n::1 localhost\n${named.join('\n')}\n`);
    return new Day(machine, network);
  }

  /** The address of the nth visitor: every third one's is of IPv6. */
  visitor(n: number): string {
    return this.network.attacker(1 + (n % visitors), n % 3 === 2 ? 6 : 4);
  }

  /** The host's address as this visitor sees it. */
  hostFor(n: number): string {
    return this.network.hostAddress[n % 3 === 2 ? 6 : 4];
  }

  /** The same as it stands in a URL. */
  urlHostFor(n: number): string {
    const host = this.hostFor(n);
    return host.includes(':') ? `[${host}]` : host;
  }

  /** The nth of the people. */
  person(n: number): string {
    return people[n % people.length] as string;
  }

  /** Runs a client on the nth visitor's address, and returns its exit code and all that it wrote. */
  async visit(n: number, file: string, args: readonly string[], input = ''): Promise<[number, string]> {
    const [command, words] = await this.#addressed.command(this.visitor(n), file, args);
    const [program, all] = inside(this.network.internet, command, words);
    const ended = await execa(program, all, { reject: false, input, all: true, timeout: 120_000 });
    return [ended.exitCode ?? -1, ended.all];
  }

  /** Runs curl so. @throws with its output where it fails */
  async curl(n: number, args: readonly string[], input = ''): Promise<void> {
    const [code, output] = await this.visit(n, 'curl', ['--silent', '--noproxy', '*', ...args], input);
    if (code !== 0) throw new Error(`curl exited with ${code}: ${output}`);
  }

  /** Runs a client that takes care of its own address. @throws with its output where it fails */
  async client(file: string, ...args: string[]): Promise<string> {
    return await run(...inside(this.network.internet, file, args));
  }

  /** Starts a daemon on the host, and waits until it listens. */
  async daemon(port: number, file: string, ...args: string[]): Promise<Running> {
    const server = this.machine.start(file, file, args);
    await this.machine.untilListening(server, port);
    return server;
  }

  /** Starts it under an account that is not root's, which must own `folders`. */
  async daemonAs(user: string, folders: readonly string[], port: number, file: string, ...args: string[]) {
    for (const folder of folders) await this.machine.run('chown', '-R', user, folder);
    const rights = ['--reuid', user, '--regid', user, '--init-groups'];
    return await this.daemon(port, 'setpriv', ...rights, file, ...args);
  }
}

/** So many times, in so many ways at once. */
export async function times(
  count: number,
  atOnce: number,
  act: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
