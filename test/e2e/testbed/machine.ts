import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { eventually, run } from './command.ts';
import type { Running, Workplace } from './workplace.ts';

/** The one person with an account on the machine. */
export const member = { name: 'member', password: 'open-sesame', home: 'home/member' } as const;

/**
 * What a program of the machine sees in place of this machine's: a host name, devices with a /dev/log of its own, an empty
 * /run, and the files of `etc` before those of /etc. (Each of them mounted over its namesake would be gone as soon as
 * somebody replaced that, as installing a package does.) Arguments: folder of the machine, command.
 */
const inhabit = `
set -e
machine=$1; shift
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

  static async boot(workplace: Workplace, namespace: string): Promise<Machine> {
    const machine = new Machine(workplace, namespace);
    // Daemons give up root's rights, and still have to reach what is theirs.
    chmodSync(workplace.directory, 0o711);
    for (const name of ['dev', 'etc', 'log', member.home]) machine.makeDirectory(name);
    await machine.#writeAccounts();
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

  /** Runs a command on the machine to its end. @throws with its output where it fails */
  async run(file: string, ...args: string[]): Promise<string> {
    return await run(...this.on(file, args));
  }

  /** The member's password as daemons keep it (crypt(5), SHA-512). */
  get passwordHash(): string {
    return readFileSync(this.path('password-hash'), 'utf8');
  }

  /** This machine's accounts, which daemons run under, and the member's. */
  async #writeAccounts(): Promise<void> {
    const hash = await run('openssl', ['passwd', '-6', member.password]);
    this.write('password-hash', hash);
    const id = 20_000;
    const accounts = `${readFileSync('/etc/passwd', 'utf8')}${member.name}:x:${id}:${id}::${this.path(member.home)}:/bin/sh\n`;
    this.write('etc/passwd', accounts);
    this.write('etc/group', `${readFileSync('/etc/group', 'utf8')}${member.name}:x:${id}:\n`);
    const names = accounts.split('\n').map((line) => line.split(':')[0]);
    const locked = names
      .filter((name) => name && name !== member.name)
      .map((name) => `${name}:*:20000:0:99999:7:::`);
    this.write(
      'etc/shadow',
      `${[...locked, `${member.name}:${hash}:20000:0:99999:7:::`].join('\n')}\n`,
      0o640,
    );
    await run('chown', [`${id}:${id}`, this.path(member.home)]);
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
