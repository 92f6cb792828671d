import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import { systemClock } from '../core/types.ts';
import { connectDocker, type DockerClient } from '../docker/client.ts';
import { isEngineThere } from '../docker/endpoint.ts';
import type { Probe } from '../enforce/backend.ts';
import { runCommand } from '../enforce/command.ts';
import { inContainer, surroundings } from '../enforce/hosts-deny/mount.ts';
import { Variants } from '../enforce/iptables/variants.ts';
import { backends } from '../enforce/registry.ts';
import type { Engine, Machine, Settings } from './machine.ts';

export interface Known {
  readonly daemon: Status | BailiffError;
  readonly settings: Settings | null;
  readonly configurationErrors: readonly string[];
  /** Ends what is still asked. */
  readonly signal: AbortSignal;
}

/** Containers that are looked at for published ports. */
const mostContainers = 200;

/** The machine that this process runs on. Each fact is asked for once, when the first check needs it. */
export async function thisMachine({ signal, ...known }: Known): Promise<Machine> {
  const container = await inContainer(surroundings);
  const { settings } = known;
  return {
    ...known,
    root: '/',
    hostRoot: hostRootOf(settings?.hostRoot ?? '/', container),
    container,
    user: process.getuid?.() ?? 0,
    now: systemClock.now(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    probes: once(async () => ({
      iptables: await probe('iptables', signal),
      nftables: await probe('nftables', signal),
    })),
    stacks: once(() => new Variants().present()),
    nftTables: once(async () => (await runCommand('nft', ['list', 'tables'], { signal })).output),
    docker: once(() => askDocker(settings, signal)),
  };
}

/** Compose files mount it as /host, where it is not said otherwise. */
function hostRootOf(said: string, container: boolean): string | null {
  const root = said === '/' && container ? '/host' : said;
  return existsSync(join(root, 'etc')) ? root : null;
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask();
    return answer;
  };
}

async function probe(name: 'iptables' | 'nftables', signal: AbortSignal): Promise<Probe> {
  const backend = backends[name]?.({ clock: systemClock });
  if (backend === undefined) throw new BailiffError('internal', `there is no backend ${name}`);
  try {
    return await backend.probe(signal);
  } finally {
    await backend.close();
  }
}

async function askDocker(
  settings: Settings | null,
  signal: AbortSignal,
): Promise<Engine | BailiffError | null> {
  if (settings === null || !settings.docker || !isEngineThere(settings.dockerSocket)) return null;
  try {
    const client = await connectDocker(settings.dockerSocket, signal);
    const [info, networks, published] = await Promise.all([
      client.info(),
      client.networks(),
      publishedOf(client),
    ]);
    return { info, networks, published };
  } catch (error) {
    if (error instanceof BailiffError) return error;
    throw error;
  }
}

async function publishedOf(client: DockerClient): Promise<Engine['published']> {
  const running = (await client.containers()).filter((container) => container.running);
  const inspected = await Promise.all(running.slice(0, mostContainers).map(({ id }) => client.inspect(id)));
  return inspected.filter((details) => details !== null).filter(({ ports }) => ports?.length !== 0);
}
