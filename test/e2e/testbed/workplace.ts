import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { inside, run } from './command.ts';
import { clear, identityOf, isAlive, sweep, workplacePrefix } from './leftovers.ts';

export interface StartOptions {
  /** Runs it in this network namespace. */
  readonly namespace?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** A process of the testbed. Its output goes to a file, so that it outlives a failure. */
export interface Running {
  readonly pid: number;
  /** Everything it wrote so far, both streams. */
  output(): string;
  isAlive(): boolean;
  /** Sends the signal and waits for the end; after 15 s SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** One directory that holds and lists everything a testbed has, so that all of it can be taken away. */
export class Workplace {
  readonly directory: string;
  readonly #running: Running[] = [];
  readonly #reaper: ChildProcessByStdio<Writable, null, null>;
  #counter = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.#reaper = spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts'), directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#reaper.unref();
  }

  static async open(): Promise<Workplace> {
    await sweep();
    // It gets its name when it has an owner: another testbed would take it for one whose owner is gone.
    const nameless = mkdtempSync(join(tmpdir(), 'bailiff-new-'));
    writeFileSync(join(nameless, 'owner'), `${identityOf(process.pid)}\n`);
    const directory = nameless.replace('bailiff-new-', workplacePrefix);
    renameSync(nameless, directory);
    return new Workplace(directory);
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** A new directory of this name in it. */
  makeDirectory(name: string): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Notes something that `clear` has to know of; before it is made. */
  note(list: 'namespaces' | 'processes' | 'data-roots', entry: string): void {
    appendFileSync(this.path(list), `${entry}\n`);
  }

  /** A new network namespace with its loopback up, of a name no other testbed has. */
  async addNamespace(purpose: string): Promise<string> {
    const name = `bailiff-${process.pid}-${purpose}`;
    this.note('namespaces', name);
    await run('ip', ['netns', 'add', name]);
    await run(...inside(name, 'ip', ['link', 'set', 'lo', 'up']));
    return name;
  }

  start(name: string, file: string, args: readonly string[], options: StartOptions = {}): Running {
    const { namespace, ...rest } = options;
    const [command, words] = namespace === undefined ? [file, [...args]] : inside(namespace, file, args);
    this.#counter += 1;
    const log = this.path(`${this.#counter}-${name}.log`);
    const output = openSync(log, 'a');
    const child = spawn(command, words, {
      cwd: rest.cwd,
      env: { ...process.env, ...rest.env },
      stdio: ['ignore', output, output],
    });
    const ended = once(child, 'exit').catch(() => undefined);
    closeSync(output);
    const { pid } = child;
    if (pid === undefined) throw new Error(`${command} could not be started`);
    const identity = identityOf(pid);
    this.note('processes', identity ?? '');
    const running: Running = {
      pid,
      output: () => readFileSync(log, 'utf8'),
      isAlive: () => isAlive(identity),
      stop: async (signal = 'SIGTERM') => {
        child.kill(signal);
        const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
        await ended;
        clearTimeout(timer);
      },
    };
    this.#running.push(running);
    return running;
  }

  async close(): Promise<void> {
    for (const running of this.#running.splice(0).reverse()) await running.stop();
    await clear(this.directory);
    this.#reaper.stdin.end();
  }
}
