import { execa } from 'execa';
import { inside } from '../command.ts';
import type { Machine } from '../machine.ts';
import type { Network } from '../network.ts';
import type { Running } from '../workplace.ts';

/** What a client got: in, a refusal of its password, or no answer at all. */
export type Welcome = 'in' | 'refused' | 'silence';

/** A client on the internet: its address, and how many seconds it waits for an answer. */
export interface Client {
  readonly address: string;
  readonly patience: number;
}

/** A real daemon that asks for a password. */
export interface Service {
  /** The jail that protects it, which is the filter's name. */
  readonly jail: string;
  /** The log that the jail reads. */
  readonly log: string;
  /** The daemon itself; the workplace ends it, too. */
  readonly process: Running;
  /** One login of the member with this password, on a connection of its own, with a real client. */
  login(client: Client, password: string): Promise<Welcome>;
}

/**
 * Starts the daemon on the machine. It may need a while until it answers. `further`: settings beside its own, as its
 * configuration or command line has them.
 */
export type StartService = (
  machine: Machine,
  network: Network,
  further?: readonly string[],
) => Promise<Service>;

/** What a client's end means: its exit code and all that it wrote; undefined: something that must not happen. */
export type Verdict = (exitCode: number, output: string) => Welcome | undefined;

/** Runs a client's program, no longer than it is patient. @throws with its output where the verdict knows no such end */
export async function ask(
  network: Network,
  { patience }: Client,
  file: string,
  args: readonly string[],
  verdict: Verdict,
): Promise<Welcome> {
  const [command, words] = inside(network.internet, file, args);
  const options = { reject: false, stdin: 'ignore', all: true, timeout: 1_000 * patience } as const;
  const { exitCode = -1, all, timedOut } = await execa(command, words, options);
  if (timedOut) return 'silence';
  const welcome = verdict(exitCode, all);
  if (welcome === undefined) throw new Error(`${file} exited with ${exitCode}: ${all}`);
  return welcome;
}

/** curl(1): 22 a status of 400 or more, with --fail; 28 time; 67 login denied. */
const curlCodes: Readonly<Record<number, Welcome>> = { 0: 'in', 22: 'refused', 28: 'silence', 67: 'refused' };

/** One login with curl. `url`: with HOST in place of the host, as in `imap://HOST/`. */
export async function curl(
  network: Network,
  client: Client,
  url: string,
  user: string,
  args: readonly string[] = [],
): Promise<Welcome> {
  const options = [
    '--silent',
    '--show-error',
    '--fail',
    '--noproxy',
    '*',
    '--max-time',
    `${client.patience}`,
  ];
  options.push('--interface', client.address, '--user', user, ...args);
  const host = hostFor(network, client);
  const address = host.includes(':') ? `[${host}]` : host;
  return await ask(
    network,
    client,
    'curl',
    [...options, url.replace('HOST', address)],
    (code) => curlCodes[code],
  );
}

/** The host's address in the client's family. */
export function hostFor(network: Network, client: Client): string {
  return network.hostAddress[client.address.includes(':') ? 6 : 4];
}
