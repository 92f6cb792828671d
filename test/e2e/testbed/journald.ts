import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { eventually, run, succeeds } from './command.ts';
import type { Running, Workplace } from './workplace.ts';

export const journaldProgram = '/lib/systemd/systemd-journald';

/** journald's own places in the workplace, in place of this machine's, which are left alone. Arguments: folder, command. */
const inhabit = `
set -e
folder=$1; shift
mount --bind "$folder/run" /run
mount --bind "$folder/log" /var/log
mount --bind "$folder/machine-id" /etc/machine-id
exec "$@"
`;

/** Neither the kernel's messages, which are this machine's, nor a limit on how many come. */
const configuration = `[Journal]
ReadKMsg=no
Audit=no
RateLimitIntervalSec=0
ForwardToSyslog=no
ForwardToWall=no
`;

/**
 * A real journald, with no systemd around it, in a mount namespace of its own. What runs `within` finds its sockets and
 * its files where a host has them: volatile ones, and persistent ones once there is a folder for them and `flush` was asked.
 */
export class Journald {
  readonly #workplace: Workplace;
  readonly #holder: Running;
  #running: Running | undefined;

  private constructor(workplace: Workplace, holder: Running) {
    this.#workplace = workplace;
    this.#holder = holder;
  }

  static async start(workplace: Workplace): Promise<Journald> {
    const folder = workplace.makeDirectory('journald');
    for (const name of ['run/systemd/journal', 'run/systemd/journald.conf.d', 'log'])
      workplace.makeDirectory(`journald/${name}`);
    writeFileSync(`${folder}/run/systemd/journald.conf.d/testbed.conf`, configuration);
    writeFileSync(`${folder}/machine-id`, `${'4'.repeat(32)}\n`);
    const words = ['--mount', 'sh', '-c', inhabit, 'sh', folder, 'sleep', 'infinity'];
    const journald = new Journald(workplace, workplace.start('journald-mounts', 'unshare', words));
    await eventually('its places are mounted', () => journald.#isMounted());
    await journald.restart();
    return journald;
  }

  /** What runs a command, in turn, where this is the journal of the machine. */
  get prelude(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.#holder.pid}/ns/mnt`];
  }

  async #isMounted(): Promise<boolean> {
    const [file = '', ...words] = [...this.prelude, 'test', '-d', '/run/systemd/journald.conf.d'];
    return await succeeds(file, words);
  }

  /** As an upgrade of systemd does. */
  async restart(): Promise<void> {
    await this.#running?.stop();
    const [file = '', ...args] = [...this.prelude, journaldProgram];
    this.#running = this.#workplace.start('journald', file, args);
    await eventually('journald answers', () => this.ask('--sync'));
  }

  /** Has journald do something (journalctl(1)): `--sync`, `--rotate`, `--flush`; returns what journalctl says. */
  async ask(...args: string[]): Promise<string> {
    const [file = '', ...words] = [...this.prelude, 'journalctl', ...args];
    return await run(file, words);
  }

  /** From here on its journal is on the disk, with what it held before, as after the boot of a host. */
  async persist(): Promise<void> {
    this.#workplace.makeDirectory('journald/log/journal');
    await this.ask('--flush');
  }
}

/** A service of that host, which writes what sshd does of wrong passwords on its standard output. */
export class JournaldService {
  readonly #child;

  constructor(journald: Journald) {
    const [file = '', ...words] = [...journald.prelude, 'systemd-cat', '--identifier=sshd', 'cat'];
    this.#child = execa(file, words, { reject: false, stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' });
  }

  /** One failed login of each address. Resolves when they are on their way. */
  fail(...addresses: string[]): Promise<void> {
    const lines = addresses.map((address) => `Failed password for root from ${address} port 40000 ssh2\n`);
    return new Promise((resolve, reject) => {
      this.#child.stdin.write(lines.join(''), (error) => (error == null ? resolve() : reject(error)));
    });
  }

  /** Resolves when journald was given all. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#child;
  }
}
