/**
 * From the log line to the kernel, with the daemons as people run them: Bailiff alone, Bailiff while another log floods,
 * and fail2ban (its ipset action), each in a network namespace of its own. Single offenders one after the other, then a
 * storm of them in one write.
 */
import { cpSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { AuthLog } from '../test/e2e/testbed/auth-log.ts';
import { eventually, inside, run } from '../test/e2e/testbed/command.ts';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { KernelSet } from '../test/e2e/testbed/kernel-set.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { report } from './report.ts';

const singles = 200;
const storm = 20_000;
/** fail2ban bans some hundred a second. */
const stormOfFail2ban = 1_000;
const floodPerSecond = 100_000;

const flooder = new URL('flooder.ts', import.meta.url).pathname;

/** A daemon that bans whoever fails once in its log. */
interface Defender {
  readonly name: string;
  readonly namespace: string;
  readonly log: AuthLog;
  /** The kernel's set of its bans. */
  readonly set: string;
  readonly storm: number;
}

async function bailiffIn(workplace: Workplace, name: string, flooded: string | null): Promise<Defender> {
  const namespace = await workplace.addNamespace(name);
  const log = new AuthLog(workplace.path(`${name}.log`));
  const daemon = new Daemon(workplace, namespace, {
    BAILIFF_STATE_DIR: workplace.makeDirectory(`${name}-state`),
    BAILIFF_SOCKET: workplace.path(`${name}.sock`),
    BAILIFF_ENFORCE: 'iptables',
    BAILIFF_JAILS: flooded === null ? 'sshd' : 'sshd,nginx-http-auth',
    BAILIFF_JAIL_SSHD_LOGPATH: log.path,
    BAILIFF_JAIL_SSHD_MAXRETRY: '1',
    ...(flooded === null
      ? {}
      : {
          BAILIFF_JAIL_NGINX_HTTP_AUTH_LOGPATH: flooded,
          // What floods is read and counted, and bans nobody.
          BAILIFF_JAIL_NGINX_HTTP_AUTH_MAXRETRY: '10000',
        }),
    BAILIFF_LOG_LEVEL: 'error',
    BAILIFF_LISTEN: '',
  });
  await daemon.start();
  await daemon.untilReading('file:');
  await eventually('Bailiff enforces', async () => (await daemon.status()).enforcement.state === 'enforcing');
  return { name, namespace, log, set: 'bailiff4', storm };
}

/** Debian's configuration with one jail. Without `exec` of a shell for each action there is no fail2ban. */
async function fail2banIn(workplace: Workplace): Promise<Defender> {
  const namespace = await workplace.addNamespace('fail2ban');
  const log = new AuthLog(workplace.path('fail2ban.log'));
  const configuration = workplace.path('fail2ban');
  cpSync('/etc/fail2ban', configuration, { recursive: true, dereference: true });
  writeFileSync(`${configuration}/fail2ban.local`, '[Definition]\ndbfile = None\nlogtarget = STDOUT\n');
  const jail = `[DEFAULT]\nbanaction = iptables-ipset-proto6-allports\nbackend = auto\nmaxretry = 1\nusedns = no\n\n[sshd]\nenabled = true\nbackend = auto\nlogpath = ${log.path}\n`;
  writeFileSync(`${configuration}/jail.local`, jail);
  const [socket, pidFile] = [workplace.path('fail2ban.sock'), workplace.path('fail2ban.pid')];
  const options = ['-f', '-c', configuration, '-s', socket, '-p', pidFile, 'start'];
  workplace.start('fail2ban', 'fail2ban-server', options, { namespace });
  await eventually('fail2ban reads', () =>
    run('fail2ban-client', ['-c', configuration, '-s', socket, 'status', 'sshd']),
  );
  // It makes its set with the first ban.
  log.fail('192.0.2.1');
  await eventually('fail2ban bans', async () => (await counted(namespace, 'f2b-sshd')) === 1);
  return { name: 'fail2ban', namespace, log, set: 'f2b-sshd', storm: stormOfFail2ban };
}

async function counted(namespace: string, set: string): Promise<number> {
  const listed = await run(...inside(namespace, 'ipset', ['list', '-t', set]));
  return Number(/^Number of entries: (\d+)$/m.exec(listed)?.[1] ?? 0);
}

/** Milliseconds from the write of a line to its address in the kernel, in ascending order. */
async function latencies({ namespace, log, set }: Defender): Promise<number[]> {
  const kernel = new KernelSet(namespace, set);
  const times: number[] = [];
  for (let index = 0; index < singles; index++) {
    const address = `203.0.${113 + (index >> 8)}.${index & 255}`;
    const written = performance.now();
    log.fail(address);
    while (!(await kernel.has(address)))
      if (performance.now() - written > 30_000) throw new Error(`${address} is not in the kernel after 30 s`);
    times.push(performance.now() - written);
    await pause(20);
  }
  await kernel.close();
  return times.sort((a, b) => a - b);
}

/** Bans a second, of so many offenders in one write. */
async function stormRate({ namespace, log, set, storm: count }: Defender): Promise<number> {
  const before = await counted(namespace, set);
  const offenders = Array.from({ length: count }, (_, index) => `10.7.${index >> 8}.${index & 255}`);
  const text = log.linesOf(offenders);
  const written = performance.now();
  log.append(text);
  while ((await counted(namespace, set)) < before + count) {
    if (performance.now() - written > 120_000)
      throw new Error('the storm is not in the kernel after two minutes');
    await pause(20);
  }
  return (count / (performance.now() - written)) * 1_000;
}

async function measured(defender: Defender): Promise<string[]> {
  const times = await latencies(defender);
  const at = (share: number) =>
    `${(times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(1)} ms`;
  const row = [defender.name, at(0.5), at(0.99), at(1), `${Math.round(await stormRate(defender))}`];
  process.stdout.write(`${row.join(' | ')}\n`);
  return row;
}

/** Each has the machine for itself. */
async function alone(make: (workplace: Workplace) => Promise<Defender>): Promise<string[]> {
  const workplace = await Workplace.open();
  try {
    return await measured(await make(workplace));
  } finally {
    await workplace.close();
  }
}

const rows = [
  await alone((workplace) => bailiffIn(workplace, 'bailiff', null)),
  await alone(async (workplace) => {
    const flooded = workplace.path('error.log');
    writeFileSync(flooded, '');
    const defender = await bailiffIn(workplace, 'bailiff-flooded', flooded);
    workplace.start('flooder', process.execPath, [flooder, flooded, String(floodPerSecond)]);
    // The reader is warm, and the flood steady.
    await pause(5_000);
    return { ...defender, name: `bailiff, beside ${floodPerSecond} lines/s` };
  }),
  await alone(fail2banIn),
];
await report(
  'attack',
  `From the write of a line to the address in the kernel's set, ${singles} offenders one after the other; then ${storm} in one write (fail2ban: ${stormOfFail2ban}), in bans a second`,
  ['', 'median', 'p99', 'slowest', 'storm, bans/s'],
  rows,
);
