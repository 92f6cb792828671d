import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDaemon } from '../../src/app/daemon.ts';
import { findFilters, shippedFilters } from '../../src/config/filters.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { ControlClient } from '../../src/control/client.ts';
import { Commands } from './commands.ts';
import { folderOf } from './folder.ts';

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
