import { setTimeout as pause } from 'node:timers/promises';
import type { JailConfiguration } from '../config/schema.ts';
import { aborted } from './aborted.ts';
import { ArchivedLog } from './archived-log.ts';
import type { FilePlace, Holder } from './container-file.ts';
import type { ContainerFileParts } from './container-file-reader.ts';
import { type Folder, type FoundWay, wayTo } from './container-file-way.ts';

/** What is read, and until when. */
export interface ReadingTask {
  /** As in `status`. */
  readonly id: string;
  readonly holder: Holder;
  readonly jails: readonly JailConfiguration[];
  readonly place: FilePlace;
  /** When it was last seen, in seconds, that there is no such file; or null. */
  readonly missingAt: number | null;
  readonly closed: AbortSignal;
  /** What there is is still read. Its reason is the sentence for `status`. */
  readonly finishing: AbortSignal;
  /** Nothing more is read. Resolves when what it came to need not be shown any more. */
  ended(): Promise<void>;
}

/** Reads a file on the way that was found, and on a better one as soon as there is one, until it is closed. */
export async function readThrough(
  way: FoundWay,
  task: ReadingTask,
  parts: ContainerFileParts,
): Promise<void> {
  const folder = way.kind === 'folder' ? way : await readArchive(way.instead, task, parts);
  if (folder !== null) await readFolder(folder, task, parts);
}

async function readFolder(
  { root, path, through }: Folder,
  task: ReadingTask,
  { host }: ContainerFileParts,
): Promise<void> {
  const { id, jails, place, missingAt, closed, finishing } = task;
  const { key: cursorKey, manner } = place;
  const { encoding } = manner;
  const readers = jails.map(({ name }) => name);
  const missing = missingAt === null ? {} : { missingAt };
  const input = { kind: 'file', path, root, readers, encoding, ...missing } as const;
  const source = host.open({ id, cursorKey, input, jails, through });
  await Promise.race([aborted(closed), aborted(finishing)]);
  if (!closed.aborted) await Promise.race([source.end(finishing.reason), aborted(closed)]);
  await task.ended();
  source.close();
}

/** Null: it was read to its end. Or a folder in which it is seen now; the source is still open and can be replaced. */
async function readArchive(
  instead: string,
  task: ReadingTask,
  parts: ContainerFileParts,
): Promise<Folder | null> {
  const { client, host } = parts;
  const { id, holder, jails, place, missingAt, closed, finishing } = task;
  const log = new ArchivedLog({
    client,
    host,
    id,
    cursorKey: place.key,
    containerId: holder.container.id,
    path: holder.path,
    jails,
    encoding: place.manner.encoding,
    wasMissing: missingAt !== null,
    instead,
    pauses: { settle: parts.pauses.settle },
  });
  void aborted(finishing).then(() => log.finish(finishing.reason));
  const left = new AbortController();
  const reading = log.run(AbortSignal.any([closed, left.signal]));
  const folder = await untilFolder(task, parts);
  if (folder !== null) left.abort();
  await reading;
  if (folder !== null) return folder;
  await task.ended();
  log.close();
  return null;
}

/** Null: it was closed, or nothing more comes. */
async function untilFolder(
  { holder, place, closed, finishing }: ReadingTask,
  { client, options, pauses }: ContainerFileParts,
): Promise<Folder | null> {
  const signal = AbortSignal.any([closed, finishing]);
  while (await pause(pauses.better, true, { signal, ref: false }).catch(() => false)) {
    const way = await wayTo(holder.container, holder.path, client, options).catch(() => null);
    if (way?.kind !== 'folder' || signal.aborted) continue;
    if (!(way.leadsOut && place.isShared)) return way;
  }
  return null;
}
