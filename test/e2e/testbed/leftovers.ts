import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, succeeds } from './command.ts';

/** Every testbed keeps what it has in one directory of this name below the temporary directory. */
export const workplacePrefix = 'bailiff-testbed-';

/** Takes away what testbeds left that were killed before they could clean up. */
export async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(workplacePrefix)) continue;
    const directory = join(tmpdir(), name);
    if (isAlive(lines(join(directory, 'owner'))[0])) continue;
    // The reaper of that testbed may be at it, too.
    await clear(directory).catch(() => undefined);
  }
}

/** Ends the processes a workplace lists, unmounts what lies in it, deletes its namespaces, its engines' data and itself. */
export async function clear(directory: string): Promise<void> {
  const namespaces = lines(join(directory, 'namespaces'));
  const listed = lines(join(directory, 'processes')).filter(isAlive).map(pidOf);
  await endAll([...listed, ...(await processesOf(namespaces))]);
  const dataRoots = lines(join(directory, 'data-roots'));
  for (const each of [directory, ...dataRoots]) await unmountBelow(each);
  for (const namespace of namespaces) await succeeds('ip', ['netns', 'delete', namespace]);
  for (const each of dataRoots) await run('rm', ['--recursive', '--force', '--one-file-system', each]);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

/** `PID START`: a process and when it began, so that a number used again is not taken for it. */
export function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

export function isAlive(identity: string | undefined): boolean {
  return identity !== undefined && identityOf(pidOf(identity)) === identity;
}

function pidOf(identity: string): number {
  return Number(identity.split(' ')[0]);
}

async function processesOf(namespaces: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const namespace of namespaces) {
    const pids = await run('ip', ['netns', 'pids', namespace]).catch(() => '');
    found.push(...pids.split('\n').filter(Boolean).map(Number));
  }
  return found;
}

/** Kills these processes and everything below them (containers have namespaces of their own). */
async function endAll(roots: readonly number[]): Promise<void> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const doomed = new Set(roots);
  for (let before = -1; before !== doomed.size; ) {
    before = doomed.size;
    for (const [pid, parent] of parents) if (doomed.has(parent)) doomed.add(pid);
  }
  doomed.delete(process.pid);
  const identities = [...doomed].map(identityOf);
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  const until = performance.now() + 5000;
  while (identities.some(isAlive) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** An engine mounts its data root onto itself, too. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = lines('/proc/self/mounts').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => `${path}/`.startsWith(`${directory}/`)).reverse()) {
    await succeeds('umount', ['--lazy', mount]);
  }
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
