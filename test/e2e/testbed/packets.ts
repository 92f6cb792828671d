import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './command.ts';
import { repository } from './image-recipes.ts';
import type { Testbed } from './testbed.ts';

const drivers = 'test/e2e/testbed';
const ports = { host: 5353, container: 5354 } as const;

/** How many datagrams of one address were sent to each port, and how many came to the host's and to the container's. */
export interface Way {
  readonly sent: number;
  readonly host: number;
  readonly container: number;
}

/** A stream of datagrams from some addresses to a port of the host and to one that a container publishes, and who gets them. */
export class Packets {
  readonly #testbed: Testbed;
  readonly #folder: string;

  private constructor(testbed: Testbed) {
    this.#testbed = testbed;
    this.#folder = testbed.workplace.makeDirectory('packets');
  }

  /** Starts both listeners; nothing is sent yet. */
  static async listen(testbed: Testbed): Promise<Packets> {
    const packets = new Packets(testbed);
    const { workplace, network, engine } = testbed;
    const counter = join(repository, drivers, 'packet-counter-driver.ts');
    const counts = [counter, `${ports.host}`, packets.#file('host')];
    workplace.start('packet-counter', process.execPath, counts, { namespace: network.host });
    const mounts = [`${join(repository, drivers)}:/drivers:ro`, `${packets.#folder}:/packets`];
    await engine.docker(
      'run',
      '--detach',
      '--no-healthcheck',
      '--name=listener',
      `--publish=${ports.container}:${ports.container}/udp`,
      ...mounts.map((mount) => `--volume=${mount}`),
      '--entrypoint=node',
      'bailiff',
      '/drivers/packet-counter-driver.ts',
      `${ports.container}`,
      '/packets/container.json',
    );
    await eventually('both listen', () =>
      ['host', 'container'].every((each) => existsSync(packets.#file(each))),
    );
    return packets;
  }

  /** Sends from these addresses until the testbed is closed. */
  async send(addresses: readonly string[]): Promise<void> {
    const { workplace, network } = this.#testbed;
    const to = (from: string) => network.hostAddress[from.includes(':') ? 6 : 4];
    const ways = Object.fromEntries(addresses.map((from) => [from, to(from)]));
    const sender = join(repository, drivers, 'packet-sender-driver.ts');
    const words = [sender, this.#file('sent'), JSON.stringify(ways), JSON.stringify(Object.values(ports))];
    workplace.start('packet-sender', process.execPath, words, { namespace: network.internet });
    await eventually('it sends', () => addresses.every((address) => this.of(address).sent > 0));
  }

  /** What has become of an address's datagrams so far. */
  of(address: string): Way {
    const [sent = 0, host = 0, container = 0] = ['sent', 'host', 'container'].map((name) => {
      const file = this.#file(name);
      return existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>)[address]
        : 0;
    });
    return { sent, host, container };
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}
