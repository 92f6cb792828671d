import type { Status } from '../../src/control/protocol.ts';
import { BailiffError } from '../../src/core/errors.ts';
import type { Check, Diagnosis, NotMade } from '../../src/doctor/check.ts';
import type { Engine, Machine, Settings } from '../../src/doctor/machine.ts';
import type { Probe } from '../../src/enforce/backend.ts';
import { parseRules } from '../../src/enforce/iptables/saved-rules.ts';
import { type Stack, Tables, type Variant } from '../../src/enforce/iptables/variants.ts';
import { folderOf } from './folder.ts';

const usable: Probe = { usable: true, detail: 'works 1.0' };

export const settings: Settings = {
  enforce: 'auto',
  stateDir: '/nonexistent/state',
  docker: true,
  dockerSocket: '/var/run/docker.sock',
  hostRoot: '/',
};

export const noDaemon = new BailiffError('daemon-unreachable', 'the daemon does not answer (ENOENT)', {
  where: '/run/bailiff/bailiff.sock',
  remedy: 'Is it running? Start it.',
});

/** A daemon with nothing to do, and nothing wrong. */
export const healthy: Status = {
  version: '1.2.3',
  revision: null,
  started: 1_000,
  ready: true,
  problems: [],
  warnings: [],
  enforcement: {
    backend: 'iptables',
    state: 'enforcing',
    detail: '',
    hooks: [
      { name: 'INPUT', family: 4, ok: true, verified: true },
      { name: 'FORWARD > DOCKER-USER', family: 4, ok: true, verified: false },
    ],
    dropped: [],
    gaps: [],
    elements: 0,
  },
  jails: [],
  sources: [],
  findings: [],
  labels: [],
  ranges: [],
  notifiers: [],
  reload: null,
  metrics: null,
};

export const engine: Engine = {
  info: { version: '28.1.1', firewallDriver: 'iptables', rootless: false, swarm: false },
  networks: [],
  published: [],
};

/** A healthy machine of these files, but for what is given. */
export function machineOf(
  given: Partial<Machine> = {},
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Machine {
  const folder = folderOf(files);
  return {
    root: folder,
    hostRoot: folder,
    container: false,
    user: 0,
    now: 4_600,
    timeZone: 'UTC',
    daemon: healthy,
    settings,
    configurationErrors: [],
    probes: async () => ({ iptables: usable, nftables: usable }),
    stacks: async () => [],
    nftTables: async () => '',
    docker: async () => engine,
    ...given,
  };
}

/** The rules of one variant, as iptables-save prints them; null: they cannot be read. */
export function stackOf(variant: Variant, ipv4: string, ipv6: string | null = ''): Stack {
  const tables = ([4, 6] as const).map((family) => {
    const text = family === 4 ? ipv4 : ipv6;
    const each = new Tables(variant, family);
    if (text === null) each.problem = 'Permission denied';
    else each.rules = parseRules(text);
    return each;
  });
  return { variant, tables };
}

export async function findingsOf(check: Check, machine: Machine): Promise<readonly Diagnosis[]> {
  const found = await check.examine(machine);
  if ('notMade' in found) throw new Error(`not made: ${found.notMade}`);
  return found;
}

/** Each finding as `LEVEL: TEXT`, or why the check was not made. */
export async function said(check: Check, machine: Machine): Promise<readonly string[]> {
  const found: readonly Diagnosis[] | NotMade = await check.examine(machine);
  if ('notMade' in found) return [`not made: ${found.notMade}`];
  return found.map(({ level, text }) => `${level}: ${text}`);
}

/** All remedies of what is found, in one text. */
export async function remedies(check: Check, machine: Machine): Promise<string> {
  return (await findingsOf(check, machine)).flatMap((finding) => finding.remedies).join('\n');
}
