import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, listed, ok, warning } from '../check.ts';
import type { Machine } from '../machine.ts';

interface Rival {
  readonly name: string;
  /** As the kernel names its processes, in 15 characters at most. */
  readonly processes: RegExp;
  readonly sockets: readonly string[];
  /** Its chains of iptables, and its tables of nftables. */
  readonly chains: RegExp;
  readonly tables: RegExp;
  readonly services: string;
  /** What to do before it is stopped. */
  readonly before: string;
}

const rivals: readonly Rival[] = [
  {
    name: 'fail2ban',
    processes: /^fail2ban-server$/,
    sockets: ['run/fail2ban/fail2ban.sock'],
    chains: /^f2b-/,
    tables: /^table \S+ f2b-table$/gm,
    services: 'fail2ban',
    before: 'bailiff import bans takes its bans over (docs/migrating-from-fail2ban.md); then ',
  },
  {
    name: 'CrowdSec',
    processes: /^crowdsec(?:-firewa.*|-cloud.*)?$/,
    sockets: ['run/crowdsec.sock'],
    chains: /^CROWDSEC/i,
    tables: /^table \S+ crowdsec6?$/gm,
    services: 'crowdsec crowdsec-firewall-bouncer',
    before: '',
  },
  {
    name: 'sshguard',
    processes: /^(?:sshguard|sshg-\w+)$/,
    sockets: [],
    chains: /^sshguard$/,
    tables: /^table \S+ sshguard$/gm,
    services: 'sshguard',
    before: '',
  },
  {
    name: 'DenyHosts',
    processes: /^denyhosts(?:\.py)?$/,
    sockets: ['run/denyhosts.pid'],
    chains: /^DENYHOSTS/i,
    tables: /^table \S+ denyhosts$/gm,
    services: 'denyhosts',
    before: '',
  },
];

const mostProcesses = 50_000;

/** Whether another program bans here, too: an address that Bailiff lets in again may stay out by the other's word. */
export const rivalsAtWork: Check = {
  name: 'rivals',
  title: 'Other protectors',
  async examine(machine) {
    const [stacks, tables] = await Promise.all([machine.stacks(), machine.nftTables()]);
    const chains = new Set(
      stacks.flatMap(({ tables: each }) =>
        each.flatMap(({ rules }) => [...rules.values()].flatMap((of) => [...of.keys()])),
      ),
    );
    const processes = processNames(machine.root);
    const found = rivals.flatMap((rival) => judge(rival, { machine, processes, chains, tables }));
    return found.length > 0 ? found : [ok('no trace of fail2ban, CrowdSec, sshguard, DenyHosts')];
  },
};

interface Traces {
  readonly machine: Machine;
  readonly processes: ReadonlyMap<string, string>;
  readonly chains: ReadonlySet<string>;
  readonly tables: string;
}

function judge(rival: Rival, { machine, processes, chains, tables }: Traces): Diagnosis[] {
  const alive = [
    ...[...processes]
      .filter(([, name]) => rival.processes.test(name))
      .map(([pid, name]) => `process ${pid} (${name})`),
    ...rival.sockets.filter((path) => existsSync(join(machine.root, path))).map((path) => `/${path}`),
  ];
  const rules = [
    ...[...chains].filter((name) => rival.chains.test(name)).map((name) => `chain ${name}`),
    ...(tables.match(rival.tables) ?? []),
  ];
  if (alive.length === 0 && rules.length === 0) return [];
  const stop = `${rival.before}systemctl disable --now ${rival.services}`;
  const seen = listed([...alive, ...rules]);
  if (alive.length > 0) {
    return [
      warning(
        `${rival.name} is at work too (${seen}): who is let in by one may stay banned by the other`,
        stop,
      ),
    ];
  }
  return [
    warning(
      `rules of ${rival.name} stand here (${seen}), though no process of it is seen: who they shut out stays out`,
      `On the host: ${stop}; where nothing runs there, nft list ruleset shows them, and a reboot takes them away`,
    ),
  ];
}

/** By process id. */
function processNames(root: string): Map<string, string> {
  const proc = join(root, 'proc');
  return new Map(
    namesIn(proc, /^\d+$/, mostProcesses).map((pid) => [
      pid,
      readBounded(join(proc, pid, 'comm'), 64)
        ?.toString('utf8')
        .trimEnd() ?? '',
    ]),
  );
}
