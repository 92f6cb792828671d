import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workplace } from './workplace.ts';

/** A container's log as kubelet and runtime keep it: a link in `containers` to a file under `pods`. */
export class PodLog {
  readonly #link: string;
  readonly #pod: string;
  readonly #log: string;
  #rotations = 0;

  /** `name`: `NAMESPACE/POD/CONTAINER`. */
  constructor(directories: PodDirectories, name: string) {
    const [namespace = '', pod = '', container = ''] = name.split('/');
    const id = randomBytes(32).toString('hex');
    this.#pod = join(directories.pods, `${namespace}_${pod}_${id.slice(0, 8)}`);
    mkdirSync(join(this.#pod, container), { recursive: true });
    this.#log = join(this.#pod, container, '0.log');
    writeFileSync(this.#log, '');
    this.#link = join(directories.containers, `${pod}_${namespace}_${container}-${id}.log`);
    // Where the reader has it.
    const seen = directories.seen ?? directories.pods;
    symlinkSync(this.#log.replace(directories.pods, seen), this.#link);
  }

  /** One entry of a stream; `P` where its line goes on in a later one. */
  entry(stream: 'stdout' | 'stderr', tag: 'P' | 'F', text: string): void {
    this.append(entryOf(stream, tag, text));
  }

  append(text: string): void {
    appendFileSync(this.#log, text);
  }

  /** What the kubelet does when a log is too large: the runtime opens a new file of the old name. */
  rotate(): void {
    this.#rotations += 1;
    const stamp = String(this.#rotations).padStart(6, '0');
    renameSync(this.#log, `${this.#log}.20261122-${stamp}`);
    writeFileSync(this.#log, '');
  }

  /** The pod is deleted: its files go, then the link. */
  remove(): void {
    rmSync(this.#pod, { recursive: true });
    rmSync(this.#link);
  }
}

export interface PodDirectories {
  readonly containers: string;
  readonly pods: string;
  /** What the reader calls `pods`, where that is another name. */
  readonly seen?: string;
}

export function podDirectories(workplace: Workplace): PodDirectories {
  return { containers: workplace.makeDirectory('log/containers'), pods: workplace.makeDirectory('log/pods') };
}

/** A line of the CRI format, of this moment. */
function entryOf(stream: 'stdout' | 'stderr', tag: 'P' | 'F', text: string): string {
  return `${new Date().toISOString().replace('Z', '123456Z')} ${stream} ${tag} ${text}\n`;
}
