import { join } from 'node:path';
import { ControlClient } from '../../../src/control/client.ts';
import type { Status } from '../../../src/control/protocol.ts';
import type { Ban } from '../../../src/core/types.ts';
import { eventually, inside, run } from './command.ts';
import { repository } from './image-recipes.ts';
import type { Running, Workplace } from './workplace.ts';

const command = join(repository, 'bin/bailiff');

/** Bailiff straight from this checkout, in a namespace, with a state of its own in the workplace. */
export class Daemon {
  readonly #workplace: Workplace;
  readonly #namespace: string;
  readonly #env: Record<string, string>;
  readonly #client: ControlClient;
  readonly #prelude: readonly string[];
  #running: Running | undefined;

  /** `prelude`: a command that runs it in turn, as `unshare` does. */
  constructor(
    workplace: Workplace,
    namespace: string,
    env: Record<string, string>,
    prelude: readonly string[] = [],
  ) {
    this.#workplace = workplace;
    this.#prelude = prelude;
    this.#namespace = namespace;
    this.#env = {
      BAILIFF_STATE_DIR: workplace.makeDirectory('state'),
      BAILIFF_SOCKET: join(workplace.makeDirectory('run'), 'bailiff.sock'),
      BAILIFF_DOCKER_SOCKET: join(workplace.makeDirectory('run'), 'docker.sock'),
      BAILIFF_CONFIG: '',
      // What is tried is mostly how bans hold; examples.test.ts has it as it is by itself.
      BAILIFF_LABEL_PORTS: 'all',
      ...env,
    };
    this.#client = new ControlClient(this.socket);
  }

  /** Starts it, and waits until it answers. It keeps what it knew before. */
  async start(): Promise<void> {
    this.begin();
    await eventually('Bailiff answers', () => this.status());
  }

  /** Starts it and waits for nothing. */
  begin(): void {
    const options = { namespace: this.#namespace, env: this.#env };
    const [file = command, ...args] = [...this.#prelude, command, 'run'];
    this.#running = this.#workplace.start('bailiff', file, args, options);
  }

  /** Ends it: in order with SIGTERM, or at once with SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#running?.stop(signal);
  }

  /** Where its commands reach it. */
  get socket(): string {
    return this.#env['BAILIFF_SOCKET'] ?? '';
  }

  /** The daemon's process; 0 where it was never started. */
  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  output(): string {
    return this.#running?.output() ?? '';
  }

  /** What a command prints with --json. @throws with the daemon's own words where that has ended */
  async json(...args: string[]): Promise<unknown> {
    try {
      return JSON.parse(
        await run(...inside(this.#namespace, command, [...args, '--json']), { env: this.#env }),
      );
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    if (this.#running?.isAlive() !== false) return error;
    return new Error(`Bailiff ended:\n${this.output().slice(-4000)}`, { cause: error });
  }

  /** Waits until a source whose name begins so is being read. */
  async untilReading(prefix: string): Promise<void> {
    await eventually(`Bailiff reads ${prefix}…`, async () => {
      const { sources } = await this.status();
      return sources.some(({ id, state }) => id.startsWith(prefix) && state === 'reading');
    });
  }

  /** Asked over the socket by this process: a command each time would take the CPU that the daemon needs. */
  async status(): Promise<Status> {
    return this.#client.status().catch((error: unknown) => {
      throw this.#explained(error);
    });
  }

  /** Who is banned, asked as `status`. */
  async bans(): Promise<readonly Ban[]> {
    return this.#client.bans().catch((error: unknown) => {
      throw this.#explained(error);
    });
  }

  async banned(): Promise<Ban[]> {
    return (await this.json('banned')) as Ban[];
  }

  /** Asked as `status`, in their order as text. */
  async bannedAddresses(): Promise<string[]> {
    return (await this.bans()).map(({ address }) => address).sort();
  }
}
