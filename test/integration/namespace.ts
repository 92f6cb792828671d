import { once } from 'node:events';
import { execa, execaSync } from 'execa';

/** What a command in a namespace answered; a failure is for the test to judge. */
export interface Answer {
  readonly ok: boolean;
  readonly output: string;
  readonly complaint: string;
}

const standing = new Set<Namespace>();
let serial = 0;

// An interrupted or failing run leaves no namespace behind.
process.on('exit', () => {
  for (const namespace of standing) execaSync('ip', ['netns', 'del', namespace.name], { reject: false });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A network namespace of a test's own: a machine with its own interfaces, firewall and sets. */
export class Namespace {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  static async create(): Promise<Namespace> {
    serial += 1;
    const namespace = new Namespace(`bailiff-${process.pid}-${serial}`);
    await execa('ip', ['netns', 'add', namespace.name]);
    standing.add(namespace);
    await namespace.must('ip', 'link', 'set', 'lo', 'up');
    return namespace;
  }

  /** The arguments that run a command in here. Not `ip netns exec`, which remounts /sys. */
  entering(file: string, args: readonly string[]): [string, ...string[]] {
    return ['nsenter', `--net=/run/netns/${this.name}`, file, ...args];
  }

  async run(file: string, ...args: string[]): Promise<Answer> {
    const [program, ...rest] = this.entering(file, args);
    const result = await execa(program, rest, { reject: false, stdin: 'ignore' });
    return { ok: !result.failed, output: result.stdout, complaint: result.stderr };
  }

  /** As `run`, and throws where it failed. @returns what it printed */
  async must(file: string, ...args: string[]): Promise<string> {
    const answer = await this.run(file, ...args);
    if (!answer.ok) throw new Error(`${file} ${args.join(' ')}: ${answer.complaint}`);
    return answer.output;
  }

  async remove(): Promise<void> {
    standing.delete(this);
    await execa('ip', ['netns', 'del', this.name], { reject: false });
  }
}

/** A cable between two namespaces: `near` gets the first address of each pair of ends, `far` all others. */
export async function cable(
  near: Namespace,
  far: Namespace,
  name: string,
  addresses: { readonly near: readonly string[]; readonly far: readonly string[] },
): Promise<void> {
  const ends = ['link', 'add', name, 'netns', near.name, 'type', 'veth', 'peer', 'name', name];
  await execa('ip', [...ends, 'netns', far.name]);
  for (const [namespace, own] of [
    [near, addresses.near],
    [far, addresses.far],
  ] as const) {
    for (const address of own) {
      const now = address.includes(':') ? ['nodad'] : [];
      await namespace.must('ip', 'address', 'add', address, 'dev', name, ...now);
    }
    await namespace.must('ip', 'link', 'set', name, 'up');
  }
}

const knock = `
  const [host, port, localAddress, patience] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port), localAddress });
  const end = (word) => { console.log(word); process.exit(0); };
  socket.on('connect', () => end('open'));
  socket.on('error', (error) => end(error.code === 'ETIMEDOUT' ? 'dropped' : error.code));
  setTimeout(() => end('dropped'), Number(patience));
`;

/**
 * Knocks on a port, from one of the namespace's own addresses: `open`, or `dropped` after `patience` ms
 * of silence. Patience is long where an open port is expected, so that a busy machine fails no test.
 */
export async function knockOn(
  from: Namespace,
  source: string,
  target: string,
  port: number,
  patience: number,
): Promise<string> {
  const args = ['-e', knock, target, String(port), source, String(patience)];
  return (await from.must(process.execPath, ...args)).trim();
}

const talk = `
  const [host, port, address] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let sent = 0;
  let heard = 0;
  socket.on('message', () => { heard += 1; });
  socket.bind({ address }, () => {
    const talking = setInterval(() => {
      if (sent++ === 0) console.log('begun');
      socket.send('x', Number(port), host);
    }, 1);
    process.stdin.on('end', () => {
      clearInterval(talking);
      setTimeout(() => { console.log(JSON.stringify({ sent, heard })); process.exit(0); }, 300);
    }).resume();
  });
`;

/** Has a source send a datagram each ms to a UDP echo, while `meanwhile` goes on. @returns how many it sent, and heard answered */
export async function talkTo(
  from: Namespace,
  source: string,
  target: string,
  port: number,
  meanwhile: () => Promise<unknown>,
): Promise<{ sent: number; heard: number }> {
  const [program, ...args] = from.entering(process.execPath, ['-e', talk, target, `${port}`, source]);
  const talker = execa(program, args, { stdin: 'pipe' });
  await once(talker.stdout, 'data');
  try {
    await meanwhile();
  } finally {
    talker.stdin.end();
  }
  return JSON.parse((await talker).stdout.split('\n')[1] ?? '');
}

/** Destroys both plain sets. nf_tables lets go of a set a moment after the last rule that used it. */
export async function destroySets(host: Namespace): Promise<void> {
  for (const set of ['bailiff4', 'bailiff6']) {
    let answer = await host.run('ipset', 'destroy', set);
    for (let attempt = 0; !answer.ok && attempt < 100; attempt += 1) {
      answer = await host.run('ipset', 'destroy', set);
    }
    if (!answer.ok) throw new Error(answer.complaint);
  }
}
