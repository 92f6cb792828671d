import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../../src/control/protocol.ts';
import type { Ban } from '../../../src/core/types.ts';
import { eventually, run } from './command.ts';
import { repository } from './image-recipes.ts';
import type { Testbed } from './testbed.ts';

/** Bailiff as users run it: the image, started from this repository's compose.yaml, or from an example. */
export class ComposedBailiff {
  readonly #testbed: Testbed;
  readonly #file: string;
  readonly #override: string;
  readonly #services: readonly string[];
  #environment: Record<string, string> = {};

  /**
   * `file` within the repository; of what it has, Bailiff is started and the services of `beside`, with what these need
   * otherwise in a testbed.
   */
  constructor(testbed: Testbed, file = 'compose.yaml', beside: Readonly<Record<string, object>> = {}) {
    this.#testbed = testbed;
    this.#file = join(repository, file);
    const { workplace } = testbed;
    this.#override = workplace.path('bailiff-override.json');
    // The testbed's host shares this machine's files. What the host would have of its own is mounted instead:
    const volumes = [
      // its logs,
      `${workplace.makeDirectory('log')}:/var/log:ro`,
      // its configuration (none),
      `${workplace.makeDirectory('etc')}:/etc/bailiff:ro`,
    ];
    // and its /run, where its engine's socket lies.
    const run = {
      driver: 'local',
      driver_opts: { type: 'none', o: 'bind', device: workplace.makeDirectory('run') },
    };
    // The check itself stays the image's.
    const healthcheck = { interval: '5s' };
    const services = { bailiff: { volumes, healthcheck }, ...beside };
    this.#services = Object.keys(services);
    writeFileSync(this.#override, JSON.stringify({ services, volumes: { run } }));
  }

  /** Starts it, or starts it anew where the environment differs; waits until it holds. */
  async up(environment: Record<string, string>): Promise<void> {
    this.#environment = environment;
    await this.#compose('up', '--detach', '--no-build', ...this.#services);
    await this.untilReady();
  }

  async restart(): Promise<void> {
    await this.#compose('restart');
    await this.untilReady();
  }

  async stop(): Promise<void> {
    await this.#compose('stop');
  }

  /** Ends it for good; what it has in the kernel stays. */
  async remove(): Promise<void> {
    await this.#testbed.engine.docker('rm', '--force', await this.container());
  }

  async start(): Promise<void> {
    await this.#compose('start');
    await this.untilReady();
  }

  /** Ends all of the project, with its volumes. */
  async down(): Promise<void> {
    await this.#compose('down', '--volumes');
  }

  async untilReady(): Promise<void> {
    await eventually(
      'Bailiff is ready',
      async () => {
        const { ready, problems } = await this.status();
        if (!ready) throw new Error(`${problems.join('; ')}\n${await this.log()}`);
        return ready;
      },
      30,
    );
  }

  async status(): Promise<Status> {
    return (await this.#json('status')) as Status;
  }

  async banned(): Promise<Ban[]> {
    return (await this.#json('banned')) as Ban[];
  }

  /** Runs one of the image's own programs in it. */
  async tool(...command: readonly string[]): Promise<string> {
    return await this.#testbed.engine.docker('exec', await this.container(), ...command);
  }

  async health(): Promise<string> {
    return await this.#testbed.engine.docker(
      'inspect',
      '--format',
      '{{.State.Health.Status}}',
      await this.container(),
    );
  }

  async log(): Promise<string> {
    return await this.#compose('logs', '--no-color', '--tail=40');
  }

  async #json(...args: string[]): Promise<unknown> {
    return JSON.parse(
      await this.#testbed.engine.docker('exec', await this.container(), 'bailiff', ...args, '--json'),
    );
  }

  /** Its id. Asked of the engine: docker-compose takes a second to say it. */
  container(): Promise<string> {
    const labels = ['project', 'service'].flatMap((kind) => [
      '--filter',
      `label=com.docker.compose.${kind}=bailiff`,
    ]);
    return this.#testbed.engine.docker('ps', '--all', '--quiet', ...labels);
  }

  #compose(...args: string[]): Promise<string> {
    const files = ['--file', this.#file, '--file', this.#override];
    const env = { ...this.#environment, DOCKER_HOST: `unix://${this.#testbed.engine.socket}` };
    return run('docker-compose', ['--project-name', 'bailiff', ...files, ...args], { env });
  }
}
