import { join } from 'node:path';
import { eventually, run, succeeds } from './command.ts';
import type { Running, Workplace } from './workplace.ts';

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

/** A real Docker engine, beside others: nothing of it is anybody else's. */
export class Engine {
  readonly socket: string;
  readonly #workplace: Workplace;
  readonly #dataRoot: string;
  readonly #namespace: string | undefined;
  readonly #prelude: readonly string[];
  #flags: readonly string[];
  #daemon: Running | undefined;

  /** `dataRoot`: a folder of the workplace's own, with images or without. `prelude`: a command that runs it in turn. */
  constructor(
    workplace: Workplace,
    dataRoot: string,
    flags: readonly string[],
    namespace?: string,
    prelude: readonly string[] = [],
  ) {
    this.#workplace = workplace;
    this.#dataRoot = dataRoot;
    this.#flags = flags;
    this.#namespace = namespace;
    this.#prelude = prelude;
    this.socket = join(workplace.makeDirectory('run'), 'docker.sock');
  }

  /** Runs the docker command against it. */
  docker(...args: string[]): Promise<string> {
    return run('docker', ['--host', `unix://${this.socket}`, ...args], { env: { DOCKER_BUILDKIT: '0' } });
  }

  /** Starts it again, with what it has; with other flags where some are given. */
  async restart(flags = this.#flags): Promise<void> {
    this.#flags = flags;
    await this.#daemon?.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.#daemon?.isAlive()) {
      const all = await this.docker('ps', '--all', '--quiet');
      if (all !== '') await this.docker('rm', '--force', '--volumes', ...all.split('\n'));
      await this.#daemon.stop();
    }
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const { directory } = this.#workplace;
    const [file = '', ...args] = [
      ...this.#prelude,
      'dockerd',
      '--data-root',
      this.#dataRoot,
      '--exec-root',
      join(directory, 'exec'),
      '--pidfile',
      join(directory, 'docker.pid'),
    ];
    const options = this.#namespace === undefined ? {} : { namespace: this.#namespace };
    const daemon = this.#workplace.start(
      'dockerd',
      file,
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
