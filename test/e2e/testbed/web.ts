import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { request } from './attacker.ts';
import { eventually, run } from './command.ts';
import { repository } from './image-recipes.ts';
import type { Testbed } from './testbed.ts';

/** The port on which the container is published. */
export const webPort = 8080;
export const rightPassword = 'member:open-sesame';

/** The site of examples/nginx in the testbed's engine, published and asking for a password. */
export class Web {
  readonly #testbed: Testbed;
  readonly name = 'web_web_1';

  private constructor(testbed: Testbed) {
    this.#testbed = testbed;
  }

  static async start(testbed: Testbed): Promise<Web> {
    const web = new Web(testbed);
    const override = testbed.workplace.path('web-override.json');
    // Docker 20.10 gives IPv6 to the default bridge only (`--fixed-cidr-v6`).
    writeFileSync(override, JSON.stringify({ services: { web: { network_mode: 'bridge' } } }));
    const files = ['--file', join(repository, 'examples/nginx/compose.yaml'), '--file', override];
    const env = { DOCKER_HOST: `unix://${testbed.engine.socket}` };
    await run('docker-compose', ['--project-name', 'web', ...files, 'up', '--detach', 'web'], { env });
    await web.#untilItAnswers();
    return web;
  }

  async restart(): Promise<void> {
    await this.#testbed.engine.docker('restart', this.name);
    await this.#untilItAnswers();
  }

  /** Everything nginx logged, the access log and the error log. */
  async log(): Promise<string> {
    const args = ['--host', `unix://${this.#testbed.engine.socket}`, 'logs', this.name];
    const { all } = await execa('docker', args, { stdin: 'ignore', all: true });
    return all;
  }

  async #untilItAnswers(): Promise<void> {
    // From an address that no test attacks with, and with the right password.
    const what = { from: 100, port: webPort, user: rightPassword };
    await eventually('nginx answers', async () => (await request(this.#testbed.network, what)) === 200, 30);
  }
}
