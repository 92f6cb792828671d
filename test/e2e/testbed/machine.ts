import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, inside, run } from './command.ts';
import type { Running, Workplace } from './workplace.ts';

/** Who has an account on every machine. */
export const member = { name: 'member', password: 'open-sesame' } as const;

/**
 * What a program of the machine sees in place of this machine's: a host name, devices with a /dev/log of its own, an empty
 * /run and /var/log (where sshd notes who logs in), and the files of `etc` before those of /etc. Each of them mounted over
 * its namesake would be gone as soon as somebody replaced that, as installing a package does. Arguments: folder of the
 * machine, command.
 */
const inhabit = `
set -e
machine=$1; shift
cd /
hostname host
mount -t tmpfs -o mode=755 none "$machine/dev"
for device in null zero full random urandom tty; do
  touch "$machine/dev/$device"; mount --bind "/dev/$device" "$machine/dev/$device"
done
mkdir "$machine/dev/pts"
mkdir -m 1777 "$machine/dev/shm"
ln -s "$machine/log.sock" "$machine/dev/log"
mount -t devpts -o newinstance,ptmxmode=0666 none "$machine/dev/pts"
ln -s pts/ptmx "$machine/dev/ptmx"
mount --rbind "$machine/dev" /dev
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /var/log
mkdir -p /run/sshd /run/vsftpd/empty
mount -t overlay -o "lowerdir=$machine/etc:/etc" none /etc
exec "$@"
`;

/** rsyslog's rules as Debian 12 has them. */
const syslogRules = `
auth,authpriv.* LOG/auth.log
cron.* LOG/cron.log
mail.* LOG/mail.log
*.*;auth,authpriv,cron,mail.none LOG/syslog
`;

/**
 * A host for real daemons, made of this machine's programs: they have accounts, host name, devices and a syslog daemon of
 * their own in a network namespace, and keep all they write in the workplace.
 */
export class Machine {
  readonly workplace: Workplace;
  readonly namespace: string;

  private constructor(workplace: Workplace, namespace: string) {
    this.workplace = workplace;
    this.namespace = namespace;
  }

  /** `further`: names of accounts beside the member's, with the same password. */
  static async boot(
    workplace: Workplace,
    namespace: string,
    further: readonly string[] = [],
  ): Promise<Machine> {
    const machine = new Machine(workplace, namespace);
    // Daemons give up root's rights, and still have to reach what is theirs.
    chmodSync(workplace.directory, 0o711);
    for (const name of ['dev', 'etc', 'log', 'home']) machine.makeDirectory(name);
    await machine.#writeAccounts([member.name, ...further]);
    machine.write('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 host\n::1 localhost\n');
    // Nobody there: names are refused at once.
    machine.write('etc/resolv.conf', 'nameserver 127.0.0.1\n');
    await machine.#startSyslog();
    return machine;
  }

  path(...parts: string[]): string {
    return this.workplace.path('machine', ...parts);
  }

  makeDirectory(name: string): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return path;
  }

  /** Writes a file of the machine and returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const path = this.path(name);
    writeFileSync(path, text, { mode });
    return path;
  }

  /** A log of the machine, as its syslog daemon or a service writes it. */
  log(name: string): string {
    return this.path('log', name);
  }

  /** The command line that runs a command on this machine. */
  on(file: string, args: readonly string[] = []): [string, string[]] {
    const words = ['--mount', '--uts', 'sh', '-c', inhabit, 'machine', this.path(), file, ...args];
    return ['nsenter', [`--net=/run/netns/${this.namespace}`, 'unshare', ...words]];
  }

  /** Starts a program of the machine; the workplace ends it. */
  start(name: string, file: string, args: readonly string[]): Running {
    const [command, words] = this.on(file, args);
    return this.workplace.start(name, command, words);
  }

  /** Waits until the server listens on this TCP port. @throws with its output where it ended */
  async untilListening(server: Running, port: number): Promise<void> {
    await eventually(`port ${port}`, async () => {
      if (!server.isAlive()) throw new Error(server.output());
      return (await run(...inside(this.namespace, 'ss', ['-Htln', `sport = :${port}`]))) !== '';
    });
  }

  /** Runs a command on the machine to its end. @throws with its output where it fails */
  async run(file: string, ...args: string[]): Promise<string> {
    return await run(...this.on(file, args));
  }

  /** The member's password as daemons keep it (crypt(5), SHA-512). */
  get passwordHash(): string {
    return readFileSync(this.path('password-hash'), 'utf8');
  }

  /** This machine's accounts, which daemons run under, none with a password, and the people's. */
  async #writeAccounts(people: readonly string[]): Promise<void> {
    const hash = await run('openssl', ['passwd', '-6', member.password]);
    this.write('password-hash', hash);
    const users = readFileSync('/etc/passwd', 'utf8').split('\n').filter(Boolean);
    const shadow = users.map((line) => `${line.split(':')[0]}:*:20000:0:99999:7:::`);
    const groups = readFileSync('/etc/group', 'utf8').split('\n').filter(Boolean);
    for (const [index, name] of people.entries()) {
      const id = 20_000 + index;
      const home = this.makeDirectory(join('home', name));
      await run('chown', [`${id}:${id}`, home]);
      users.push(`${name}:x:${id}:${id}::${home}:/bin/sh`);
      groups.push(`${name}:x:${id}:`);
      shadow.push(`${name}:${hash}:20000:0:99999:7:::`);
    }
    this.write('etc/passwd', `${users.join('\n')}\n`);
    this.write('etc/group', `${groups.join('\n')}\n`);
    this.write('etc/shadow', `${shadow.join('\n')}\n`, 0o640);
  }

  async #startSyslog(): Promise<void> {
    const socket = this.path('log.sock');
    const rules = syslogRules.replaceAll('LOG', this.path('log'));
    const configuration = this.write(
      'rsyslog.conf',
      `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")\n${rules}`,
    );
    this.start('rsyslogd', 'rsyslogd', ['-n', '-f', configuration, '-i', this.path('rsyslogd.pid')]);
    await eventually('rsyslog listens', () => existsSync(socket));
  }
}
