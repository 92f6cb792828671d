import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { runDaemon } from '../../src/app/daemon.ts';
import { findFilters, shippedFilters } from '../../src/config/filters.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { ControlClient } from '../../src/control/client.ts';
import { folderOf } from './folder.ts';

/** How the first picture of a screen ends (ctlseqs, "Erase in Display"): keys are read by then. */
const drawn = '\u001b[J';
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The commands of the socket at BAILIFF_SOCKET, each a process of its own. */
export class Commands {
  readonly environment: Readonly<Record<string, string>>;

  constructor(environment: Readonly<Record<string, string>>) {
    this.environment = { BAILIFF_FILTER_DIRECTORY: '/nonexistent/filters', ...environment };
  }

  /** In a pipe. Never rejects. */
  async run(args: readonly string[], input = ''): Promise<CommandResult> {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [cli, ...args], {
      env: this.environment,
      input,
      reject: false,
    });
    return { exitCode, stdout, stderr };
  }

  /** What it printed as JSON. */
  async json(...args: string[]): Promise<unknown> {
    return JSON.parse((await this.run([...args, '--json'])).stdout);
  }

  /**
   * On a terminal of so many columns (by script(1)), where a person types `keys` once a screen is drawn. Standard error is
   * the terminal, too.
   */
  async onTerminal(
    args: readonly string[],
    { columns = 100, keys = '', environment = {} }: TerminalOptions = {},
  ): Promise<CommandResult> {
    // Arguments of tests hold nothing that a shell would act upon, but quotes do no harm.
    const words = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ');
    const child = execa('script', ['-qec', `stty cols ${columns} rows 30; ${words}`, '/dev/null'], {
      env: { ...this.environment, TERM: 'xterm', NO_COLOR: '', ...environment },
      reject: false,
    });
    if (keys !== '') {
      await untilWritten(child.stdout, drawn);
      child.stdin?.write(keys);
    }
    const { exitCode, stdout, stderr } = await child;
    return { exitCode, stdout: stdout.replaceAll('\r\n', '\n'), stderr };
  }
}

async function untilWritten(stream: Readable, wanted: string): Promise<void> {
  let written = '';
  await new Promise<void>((resolve) => {
    stream.on('data', (bytes: Buffer) => {
      written += bytes.toString();
      if (written.includes(wanted)) resolve();
    });
    stream.once('end', resolve);
  });
}

interface TerminalOptions {
  readonly columns?: number;
  readonly keys?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A daemon in this process that shuts nobody out: everything else about it is real. */
export class DryDaemon {
  readonly folder = folderOf({ 'auth.log': '' });
  readonly commands: Commands;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #client: ControlClient;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(environment: Readonly<Record<string, string>> = {}) {
    const own = {
      BAILIFF_SOCKET: path.join(this.folder, 'bailiff.sock'),
      BAILIFF_STATE_DIR: path.join(this.folder, 'state'),
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: path.join(this.folder, 'auth.log'),
      BAILIFF_JAIL_SSHD_MAXRETRY: '3',
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_LISTEN: 'off',
      BAILIFF_DOCKER: 'false',
      BAILIFF_LOG_LEVEL: 'error',
    };
    this.#environment = { ...own, ...environment };
    this.commands = new Commands(this.#environment);
    this.#client = new ControlClient(own.BAILIFF_SOCKET);
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.#stop = new AbortController();
    const load = async () =>
      loadConfiguration({
        environment: this.#environment,
        knownFilters: await findFilters([shippedFilters]),
      });
    const reading = { load, path: path.join(this.folder, 'bailiff.yaml'), onSignal: () => undefined };
    this.#running = runDaemon(await load(), reading, this.#stop.signal);
    const ended = this.#running.then(() => assert.fail('the daemon has ended'));
    const isReady = () =>
      this.#client.status().then(
        ({ ready }) => ready,
        () => false,
      );
    while (!(await Promise.race([isReady(), ended]))) await sleep(20);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** sshd says that somebody of this address has failed, so many times. */
  fail(address: string, times: number): void {
    const now = new Date().toISOString();
    const line = `${now} host sshd[100]: Failed password for root from ${address} port 4242 ssh2\n`;
    appendFileSync(path.join(this.folder, 'auth.log'), line.repeat(times));
  }

  /** Resolves when so many are banned. */
  async banned(count: number): Promise<void> {
    while ((await this.#client.bans()).length < count) await sleep(20);
  }
}
