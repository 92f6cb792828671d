import { execa } from 'execa';
import { inside } from './command.ts';
import type { Network } from './network.ts';
import { sshCommand } from './ssh-client.ts';

export interface Request {
  /** Which attacker, from 1. */
  readonly from: number;
  readonly port: number;
  readonly family?: 4 | 6;
  /** `name:password` of basic authentication. */
  readonly user?: string;
  /** Whole header lines, as they are. */
  readonly headers?: readonly string[];
  readonly path?: string;
  /** Seconds until it counts as dropped. Long, for a busy machine; where a drop is expected, `shutOut`. */
  readonly patience?: number;
}

/** Seconds of patience where no answer is expected: a drop shows as silence, and waiting proves no more. */
export const shutOut = 2;

/** What came back: the HTTP status, or that nothing did. */
export type Answer = number | 'timeout' | 'refused';

const curlExitCodes: Record<number, Answer> = { 7: 'refused', 28: 'timeout' };

/** One HTTP request from the internet to the Docker host, on a new connection. */
export async function request(network: Network, what: Request): Promise<Answer> {
  const { from, port, family = 4, user, headers = [], path = '/', patience = 20 } = what;
  const host = family === 4 ? network.hostAddress[4] : `[${network.hostAddress[6]}]`;
  const args = [
    '--silent',
    '--output',
    '/dev/null',
    '--write-out',
    '%{http_code}',
    '--globoff',
    '--noproxy',
    '*',
  ];
  args.push('--max-time', `${patience}`, '--interface', network.attacker(from, family));
  if (user !== undefined) args.push('--user', user);
  for (const header of headers) args.push('--header', header);
  const [file, words] = inside(network.internet, 'curl', [...args, `http://${host}:${port}${path}`]);
  const { exitCode, stdout } = await execa(file, words, { reject: false, stdin: 'ignore' });
  if (exitCode === 0) return Number(stdout);
  const answer = curlExitCodes[exitCode ?? -1];
  if (answer === undefined) throw new Error(`curl exited with ${exitCode} towards ${host}:${port}`);
  return answer;
}

/** One login over SSH with a wrong password. */
export async function wrongPassword(
  network: Network,
  from: number,
  port: number,
  user: string,
): Promise<void> {
  const client = { from: network.attacker(from), host: network.hostAddress[4], patience: 3 };
  const [file, words] = inside(network.internet, ...sshCommand({ ...client, port, user, password: 'wrong' }));
  await execa(file, words, { reject: false, stdin: 'ignore', timeout: 10_000 });
}
