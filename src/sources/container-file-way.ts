import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerFileWay } from '../config/schema.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { LogRoot } from '../core/types.ts';
import { type FoundInside, findInside } from '../docker/archive.ts';
import { type ContainerDetails, type DockerClient, isRefused, type Mount } from '../docker/client.ts';
import { rootAt } from '../files/root-at.ts';
import { RootedTree } from '../files/rooted-tree.ts';
import { ownTree } from '../files/tree.ts';
import { readMounts } from './file-mounts.ts';

/** What of the configuration decides about it. */
export interface WayOptions {
  readonly ways: readonly ContainerFileWay[];
  /** Where this process sees the host's file system. */
  readonly hostRoot: string;
}

/** A folder in which the file is seen; `through` says it to people. */
export interface Folder {
  readonly kind: 'folder';
  readonly root: LogRoot;
  readonly path: string;
  readonly through: string;
}

/** How a file inside a container is read. */
export type FoundWay = (
  | Folder
  | {
      readonly kind: 'archive';
      /** What is wrong with the ways that are better; '': there are none. */
      readonly instead: string;
    }
) & {
  /** Whether the file lies outside of the mount that its path leads into. */
  readonly leadsOut: boolean;
};

/** What one way led to, or why it leads nowhere. */
type Attempt = Folder | string;

/** What is seen of the file through a folder, or why nothing is. */
type Sight = Pick<FoundInside, 'size' | 'changed'> | string;

/** File systems round times, some to a second. */
const clockStep = 1;

/**
 * The way to a log file inside a container; null: there is no such file yet. What the engine says of the file must be
 * what is seen through the way: the same path can stand for another folder where this process lives. Files grow, so
 * each is looked at before the engine is asked, and after.
 * @throws BailiffError container-log-unreadable with what is wrong with each way; docker-unreachable where the engine
 * fails at it
 */
export async function wayTo(
  container: ContainerDetails,
  log: string,
  client: Pick<DockerClient, 'statInside'>,
  { ways, hostRoot }: WayOptions,
): Promise<FoundWay | null> {
  const attempts = new Map<ContainerFileWay, { readonly folder: Attempt; readonly before: Sight }>();
  for (const way of ways) {
    if (way === 'archive') continue;
    const folder =
      way === 'mounts' ? throughMounts(container, log, hostRoot) : await throughProc(container, log);
    attempts.set(way, { folder, before: sightOf(folder) });
  }
  const said = await ask(client, container, log);
  if (said === null) return null;
  const leadsOut =
    !(said instanceof BailiffError) &&
    mountOf(container.mounts, said.path) !== mountOf(container.mounts, log);
  const problems: string[] = [];
  for (const way of ways) {
    const attempt = attempts.get(way);
    if (attempt === undefined) {
      if (!(said instanceof BailiffError)) return { kind: 'archive', instead: problems.join('; '), leadsOut };
      problems.push(`archive: ${said.message}`);
      continue;
    }
    const { folder, before } = attempt;
    const problem = difference(before, said, sightOf(folder));
    if (problem === null && typeof folder !== 'string') return { ...folder, leadsOut };
    problems.push(`${way}: ${problem}`);
  }
  throw unreadable(problems);
}

/** The ways to a folder inside a container that show it as one, the best first, or why one does not. */
export async function foldersTo(
  container: ContainerDetails,
  folder: string,
  { ways, hostRoot }: WayOptions,
): Promise<readonly { readonly way: ContainerFileWay; readonly folder: Attempt }[]> {
  const found: { way: ContainerFileWay; folder: Attempt }[] = [];
  for (const way of ways) {
    if (way === 'mounts') found.push({ way, folder: throughMounts(container, folder, hostRoot) });
    if (way === 'proc') found.push({ way, folder: await throughProc(container, folder) });
  }
  return found;
}

/** A proxy before the engine that does not let this question through is no reason to look no further. */
async function ask(
  client: Pick<DockerClient, 'statInside'>,
  { id }: ContainerDetails,
  log: string,
): Promise<FoundInside | BailiffError | null> {
  try {
    return await findInside((at) => client.statInside(id, at), log);
  } catch (error) {
    if (error instanceof BailiffError && isRefused(error.cause)) return error;
    throw error;
  }
}

function sightOf(folder: Attempt): Sight {
  if (typeof folder === 'string') return folder;
  const { root, path: log } = folder;
  try {
    const seen = new RootedTree(root).stat(log);
    if (seen === undefined || !seen.isFile()) return `there is no file ${log} in ${root.path}`;
    return { size: Number(seen.size), changed: Number(seen.mtimeNs) / 1e9 };
  } catch (error) {
    return messageOf(error);
  }
}

/** Why what is seen is not the file that the engine spoke of in between, or null. */
function difference(before: Sight, said: FoundInside | BailiffError, after: Sight): string | null {
  if (typeof before === 'string') return before;
  if (typeof after === 'string') return after;
  if (said instanceof BailiffError) return null;
  const same =
    before.size <= said.size &&
    said.size <= after.size &&
    before.changed - clockStep <= said.changed &&
    said.changed <= after.changed + clockStep;
  return same ? null : 'the file that is seen there is another one';
}

function throughMounts({ mounts }: ContainerDetails, log: string, hostRoot: string): Attempt {
  const mount = mountOf(mounts, log);
  if (mount === null) return 'it is in no volume or bind mount';
  const { source, destination } = mount;
  if (source === null) return `${destination} has no folder on the host`;
  // A file that is mounted by itself may have another name on the host.
  const alone = destination === log && !isFolder(source, hostRoot);
  const at = alone ? path.dirname(log) : destination;
  const inside = alone ? path.join(at, path.basename(source)) : log;
  const folder = onHost(alone ? path.dirname(source) : source, hostRoot);
  const root = folder === null ? null : rootAt(folder, at);
  if (root === null)
    return `its folder ${source} is not seen here (mount it here under the same path, or the host's / and say where with host-root)`;
  return { kind: 'folder', root, path: inside, through: `through ${source} of the host` };
}

function isFolder(source: string, hostRoot: string): boolean {
  const seen = onHost(source, hostRoot);
  return seen !== null && rootAt(seen, '/') !== null;
}

/** What covers a path inside the container: the mount that is nearest to it. */
export function mountOf(mounts: readonly Mount[], log: string): Mount | null {
  const covering = mounts.filter(
    ({ destination }) => log === destination || log.startsWith(`${destination.replace(/\/$/, '')}/`),
  );
  return covering.reduce<Mount | null>(
    (nearest, each) =>
      nearest === null || each.destination.length > nearest.destination.length ? each : nearest,
    null,
  );
}

/** Where a folder of the host is seen here. Its links are the host's, and mean what they say there. */
function onHost(folder: string, hostRoot: string): string | null {
  if (hostRoot === '/') return ownTree.target(folder);
  const root = rootAt(hostRoot, '/');
  return root === null ? null : path.join(hostRoot, new RootedTree(root).target(folder));
}

async function throughProc({ id, pid }: ContainerDetails, log: string): Promise<Attempt> {
  if (pid === 0) return 'the container does not run';
  if (!(await belongsTo(pid, id))) return 'the process ids of the host are needed (pid: host)';
  const root = rootAt(`/proc/${pid}/root`, '/');
  if (root === null) return `/proc/${pid}/root may not be looked into (cap_add: SYS_PTRACE)`;
  return { kind: 'folder', root, path: log, through: `through /proc/${pid}/root` };
}

/** Docker mounts files of the container's own folder there. */
const ownFiles = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/**
 * Whether a process is one of the container: only where the numbers of processes are the host's does the engine's
 * mean it. Processes of the host may see the container's folder, too, but elsewhere.
 */
async function belongsTo(pid: number, id: string): Promise<boolean> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [cgroup, mounts] = await Promise.all([read('cgroup'), read('mountinfo')]);
  if (cgroup.includes(id)) return true;
  const stands = readMounts(mounts);
  return ownFiles.some((point) => stands.get(point)?.includes(`/containers/${id}/`) === true);
}

function unreadable(problems: readonly string[]): BailiffError {
  const message = problems.length === 0 ? 'files inside containers are not read' : problems.join('; ');
  return new BailiffError('container-log-unreadable', message, {
    remedy: 'Say with container-files which ways there are, and open one of them.',
  });
}
