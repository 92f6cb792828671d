import { constants } from 'node:fs';
import { open, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BailiffError } from '../../core/errors.ts';
import { overwriteFile, replaceFile, type Snapshot, temporaryPrefix } from './file-writing.ts';
import { hasCode } from './thrown.ts';

/** Bytes: a program that reads the file at every connection has long been in trouble with as much. */
export const largestFile = 10 * 1024 * 1024;
/** How often to begin anew where somebody else writes at the same time. */
const attempts = 5;

export interface ManagedFileOptions {
  /** Where the lock for writing in place may lie. /dev/shm can be written in a container whose root cannot. */
  readonly lockDirectories?: readonly string[];
}

/**
 * A file of somebody else's, part of which we write. Its text is one character a byte (latin1), so that no
 * byte of it is changed by reading. It is never created. A symbolic link is followed to the real file.
 */
export class ManagedFile {
  readonly path: string;
  readonly #lockDirectories: readonly string[];
  /** Once a rename over it was refused: it is a mount of its own, or its directory is not ours to write. */
  #inPlace = false;
  #swept = false;

  constructor(path: string, options: ManagedFileOptions = {}) {
    this.path = path;
    this.#lockDirectories = options.lockDirectories ?? [tmpdir(), '/dev/shm'];
  }

  /** @throws BailiffError enforcement-failed */
  async read(): Promise<string> {
    return (await this.#look()).bytes.toString('latin1');
  }

  /**
   * Writes what `change` makes of the text, and nothing where it makes the same. It is asked again where
   * the file was changed meanwhile, so that no change of others is lost.
   * @throws BailiffError enforcement-failed
   */
  async edit(change: (text: string) => string | Promise<string>): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const seen = await this.#look();
      const text = seen.bytes.toString('latin1');
      const wanted = await change(text);
      if (wanted === text) return;
      if (await this.#write(seen, Buffer.from(wanted, 'latin1'))) return;
    }
    throw new BailiffError('enforcement-failed', `${this.path} is changed by somebody else all the time`);
  }

  async #look(): Promise<Snapshot> {
    try {
      const path = await realpath(this.path);
      // Without O_NONBLOCK a named pipe would be waited for.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const stat = await handle.stat();
        if (!stat.isFile()) throw new BailiffError('enforcement-failed', 'it is not a file');
        if (stat.size > largestFile) throw new BailiffError('enforcement-failed', tooLarge);
        return { path, stat, bytes: await handle.readFile() };
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw this.#explain('read', error);
    }
  }

  async #write(seen: Snapshot, wanted: Buffer): Promise<boolean> {
    try {
      if (wanted.length > largestFile) throw new BailiffError('enforcement-failed', tooLarge);
      // A rename would part a file that has several names from its others.
      if (!this.#inPlace && seen.stat.nlink === 1) {
        await this.#sweep(seen.path);
        const replaced = await replaceFile(seen, wanted);
        if (replaced !== null) return replaced;
        this.#inPlace = true;
      }
      return await overwriteFile(seen, wanted, this.#lockDirectories);
    } catch (error) {
      throw this.#explain('written', error);
    }
  }

  /** Takes away what an earlier life left that was killed before its rename. */
  async #sweep(path: string): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const prefix = temporaryPrefix(basename(path));
    for (const name of await readdir(dirname(path)).catch(() => [])) {
      if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
      await rm(join(dirname(path), name), { force: true }).catch(() => undefined);
    }
  }

  #explain(deed: string, error: unknown): BailiffError {
    const told = error instanceof BailiffError ? error.remedy : undefined;
    const remedy = hasCode(error, 'ENOENT') ? 'Bailiff does not create it: make an empty one.' : told;
    const reason = error instanceof Error ? error.message : String(error);
    return new BailiffError('enforcement-failed', `${this.path} cannot be ${deed}: ${reason}`, {
      cause: error,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

const tooLarge = `it is larger than ${largestFile / 1024 / 1024} MB`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}
