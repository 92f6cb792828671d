/**
 * What enforcement costs, with the daemon as users run it and a real kernel, in a network namespace of its
 * own: bans that stand at start, a burst of offenders, and an idle daemon. Figures of one run and one machine;
 * beside each time stands the same work done by `ipset restore` or nft alone, since ratios last longer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Allowlist } from '../src/core/allowlist.ts';
import { plainPolicy } from '../src/core/policy.ts';
import { Sessions } from '../src/core/session.ts';
import { systemClock } from '../src/core/types.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { AuthLog } from '../test/e2e/testbed/auth-log.ts';
import { inside, run } from '../test/e2e/testbed/command.ts';
import { Daemon } from '../test/e2e/testbed/daemon.ts';
import { createNetwork } from '../test/e2e/testbed/network.ts';
import { Workplace } from '../test/e2e/testbed/workplace.ts';
import { cpuSeconds, residentMiB } from './processes.ts';

const backends = ['iptables', 'nftables'] as const;
const many = 100_000;
/** Only for the start. */
const most = 200_000;
const burst = 20_000;
/** Until V8 has compiled what runs every few seconds: after 20 s that is still a third of what an idle daemon uses. */
const warmUpSeconds = 60;
/** What is done once a minute is in it. */
const idleSeconds = 60;

const address = (index: number, first = 10) => `${first}.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

/**
 * Whether so many elements stand in the kernel, and the rules that heed them; cheap enough to be asked in a loop.
 * To count those of nftables would take seconds, and hold up whoever adds some: there the daemon is asked what
 * the kernel acknowledged.
 */
async function stand(host: string, backend: string, daemon: Daemon, count: number): Promise<boolean> {
  const status = await daemon.status().catch(() => null);
  if (status?.enforcement.state !== 'enforcing' || status.enforcement.elements < count) return false;
  if (backend !== 'iptables') return true;
  const listed = await run(...inside(host, 'ipset', ['list', '-t', 'bailiff4']));
  return Number(/^Number of entries: (\d+)$/m.exec(listed)?.[1] ?? 0) >= count;
}

async function until(what: string, reached: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  while (!(await reached())) {
    if (performance.now() - started > 60_000) throw new Error(`not within a minute: ${what}`);
    // Often enough, and seldom enough not to slow down what is measured.
    await pause(100);
  }
  return performance.now();
}

/** Seconds that the tool alone takes for so many elements, in one restore. */
async function alone(workplace: Workplace, backend: string, count: number): Promise<number> {
  const host = await workplace.addNamespace(`alone-${backend}-${count}`);
  const addresses = Array.from({ length: count }, (_, index) => address(index));
  const started = performance.now();
  if (backend === 'iptables') {
    const lines = addresses.map((each) => `add s ${each} timeout 3600`);
    const input = `create s hash:net maxelem 1048576 timeout 0\n${lines.join('\n')}\n`;
    await run(...inside(host, 'ipset', ['restore']), { input });
  } else {
    const elements = addresses.map((each) => `${each} timeout 3600s`).join(',');
    const input = `add table inet t\nadd set inet t s { typeof ip saddr; flags timeout; }\nadd element inet t s { ${elements} }\n`;
    await run(...inside(host, 'nft', ['-f', '-']), { input });
  }
  return (performance.now() - started) / 1000;
}

function fill(directory: string, count: number): void {
  const ledger = new Ledger({
    path: `${directory}/bailiff.db`,
    clock: systemClock,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  for (let index = 0; index < count; index += 1) {
    ledger.ban({ address: address(index), jail: 'sshd', bantime: 7_200, hits: 5, policy: plainPolicy });
  }
  ledger.commit();
  ledger.close();
}

async function measure(backend: string, standing: number): Promise<void> {
  const workplace = await Workplace.open();
  try {
    const { host } = await createNetwork(workplace);
    fill(workplace.makeDirectory('state'), standing);
    const log = new AuthLog(workplace.path('auth.log'));
    const daemon = new Daemon(workplace, host, {
      BAILIFF_ENFORCE: backend,
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: log.path,
      BAILIFF_MAXRETRY: '1',
      BAILIFF_LOG_LEVEL: 'error',
      BAILIFF_LISTEN: '',
    });
    const began = performance.now();
    daemon.begin();
    const stood = await until('the bans stand', () => stand(host, backend, daemon, standing));
    const startSeconds = (stood - began) / 1000;
    await daemon.untilReading('file:');
    const tool = await alone(workplace, backend, standing);
    print(backend, standing, 'enforced after the start of the process', startSeconds, tool);
    if (standing === most) return await daemon.stop();

    await pause(warmUpSeconds * 1000);
    const cpu = cpuSeconds(daemon.pid);
    await pause(idleSeconds * 1000);
    const share = (cpuSeconds(daemon.pid) - cpu) / idleSeconds;
    say(
      `${backend}, ${standing} bans: idle, reconciling: ${(share * 100).toFixed(2)} % of a core, ${residentMiB(daemon.pid).toFixed(0)} MiB`,
    );

    const offenders = Array.from({ length: burst }, (_, index) => address(index, 11));
    const text = log.linesOf(offenders);
    const written = performance.now();
    log.append(text);
    let read = written;
    const watching = (async () => {
      const judged = async () => (await daemon.status()).sources.find(({ id }) => id === `file:${log.path}`);
      while (((await judged())?.lines ?? 0) < burst) await pause(20);
      read = performance.now();
    })();
    const all = standing + burst;
    const reached = await until('the burst stands', () => stand(host, backend, daemon, all));
    await watching;
    const toolBurst = await alone(workplace, backend, burst);
    print(
      backend,
      burst,
      `in one burst beside ${standing}: in the kernel after the write`,
      (reached - written) / 1000,
      toolBurst,
    );
    say(`  its last line was seen as read ${((read - written) / 1000).toFixed(2)} s after the write`);
    await daemon.stop();
  } finally {
    await workplace.close();
  }
}

function print(backend: string, count: number, what: string, seconds: number, tool: number): void {
  const ratio = (seconds / tool).toFixed(1);
  say(
    `${backend}, ${count} bans ${what}: ${seconds.toFixed(2)} s (${ratio} times ${backend === 'iptables' ? 'ipset restore' : 'nft -f'} alone, ${tool.toFixed(2)} s)`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const backend of backends) {
  for (const standing of [1_000, many, most]) await measure(backend, standing);
}
