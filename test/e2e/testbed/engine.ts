import { mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { eventually, run, succeeds } from './command.ts';
import { takeLock } from './lock.ts';
import type { Running, Workplace } from './workplace.ts';

/** Where the testbed keeps what is costly to make: a base system, and the engine's images. */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'bailiff-test',
);

/** For an engine in the machine's own namespace that only builds: it changes no rule and no interface. */
export const buildFlags = [
  '--bridge=none',
  '--iptables=false',
  '--ip6tables=false',
  '--ip-forward=false',
  '--ip-masq=false',
];
/** IPv6 as Docker 20.10 has it. Without these, docker-proxy hides IPv6 clients behind the bridge's address. */
export const ipv6Flags = ['--experimental', '--ipv6', '--ip6tables', '--fixed-cidr-v6=2001:db8:d0c::/64'];

/** A real Docker engine. Its images stay in the cache; containers and networks are new each time. */
export class Engine {
  readonly socket: string;
  readonly #workplace: Workplace;
  readonly #flags: readonly string[];
  readonly #namespace: string | undefined;
  readonly #release: () => void;
  #daemon: Running | undefined;

  private constructor(
    workplace: Workplace,
    flags: readonly string[],
    namespace: string | undefined,
    release: () => void,
  ) {
    this.#workplace = workplace;
    this.#flags = flags;
    this.#namespace = namespace;
    this.#release = release;
    this.socket = join(workplace.makeDirectory('run'), 'docker.sock');
  }

  static async start(workplace: Workplace, flags: readonly string[], namespace?: string): Promise<Engine> {
    mkdirSync(cacheDirectory, { recursive: true });
    const release = await takeLock(join(cacheDirectory, 'engine.lock'));
    const engine = new Engine(workplace, flags, namespace, release);
    workplace.note('data-root', dataRoot);
    for (const state of ['containers', 'network', 'volumes']) {
      rmSync(join(dataRoot, state), { recursive: true, force: true });
    }
    await engine.#launch();
    return engine;
  }

  /** Runs the docker command against it. */
  docker(...args: string[]): Promise<string> {
    return run('docker', ['--host', `unix://${this.socket}`, ...args], { env: { DOCKER_BUILDKIT: '0' } });
  }

  async restart(): Promise<void> {
    await this.#daemon?.stop();
    await this.#launch();
  }

  async stop(): Promise<void> {
    if (this.#daemon?.isAlive()) {
      const all = await this.docker('ps', '--all', '--quiet');
      if (all !== '') await this.docker('rm', '--force', '--volumes', ...all.split('\n'));
      await this.#daemon.stop();
    }
    this.#release();
  }

  async #launch(): Promise<void> {
    const { directory } = this.#workplace;
    const args = [
      '--data-root',
      dataRoot,
      '--exec-root',
      join(directory, 'exec'),
      '--pidfile',
      join(directory, 'docker.pid'),
    ];
    const options = this.#namespace === undefined ? {} : { namespace: this.#namespace };
    const daemon = this.#workplace.start(
      'dockerd',
      'dockerd',
      [...args, '--host', `unix://${this.socket}`, ...this.#flags],
      options,
    );
    this.#daemon = daemon;
    await eventually(
      'the Docker engine answers',
      async () => {
        if (!daemon.isAlive()) throw new Error(daemon.output().slice(-2000));
        return await succeeds('docker', ['--host', `unix://${this.socket}`, 'version']);
      },
      60,
    );
  }
}

const dataRoot = join(cacheDirectory, 'engine');
