import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eventually, inside, run } from './command.ts';
import { baseImage, repository } from './image-recipes.ts';
import type { Testbed } from './testbed.ts';

/** The two that Debian has. Of each: its program there, and what its image has beside it. */
const programs = {
  prometheus: { file: '/usr/bin/prometheus', as: '/bin/prometheus', data: '/prometheus' },
  alertmanager: { file: '/usr/bin/prometheus-alertmanager', as: '/bin/alertmanager', data: '/alertmanager' },
} as const;

/** What Debian's Alertmanager reads at its start. */
const templates = '/usr/share/prometheus/alertmanager';

export const prometheusPort = 9090;
export const alertmanagerPort = 9093;

/** One scrape: its time in seconds, and what it found. */
export type Sample = readonly [at: number, value: number];

/** The services of the profile `monitoring`, as far as this machine has their programs, in images of their names. */
export class Monitoring {
  readonly #testbed: Testbed;

  constructor(testbed: Testbed) {
    this.#testbed = testbed;
  }

  /** Makes the images, and returns what the services need otherwise here: scrapes each second. */
  async prepare(): Promise<Readonly<Record<keyof typeof programs, object>>> {
    const { services } = parse(readFileSync(join(repository, 'compose.yaml'), 'utf8')) as {
      services: Record<string, { image: string }>;
    };
    await Promise.all(
      Object.entries(programs).map(([name, program]) =>
        this.#makeImage(services[name]?.image ?? '', program),
      ),
    );
    const configuration = this.#testbed.workplace.path('prometheus.yaml');
    const shipped = readFileSync(join(repository, 'observability/prometheus.yaml'), 'utf8');
    writeFileSync(configuration, shipped.replaceAll(/(_interval): 15s$/gm, '$1: 1s'), { mode: 0o644 });
    return {
      prometheus: { volumes: [`${configuration}:/etc/prometheus/prometheus.yaml:ro`] },
      alertmanager: {},
    };
  }

  /** Waits until Prometheus has scraped Bailiff. */
  async untilScraped(): Promise<void> {
    await eventually(
      'Prometheus has scraped',
      async () => (await this.samples('bailiff_ready')).length > 0,
      30,
    );
  }

  /** What the scrapes of the last minute found of one series, in order. */
  async samples(series: string): Promise<readonly Sample[]> {
    const { result } = await this.prometheus<{ result: { values: [number, string][] }[] }>(
      `query?query=${encodeURIComponent(`${series}[1m]`)}`,
    );
    return result.flatMap(({ values }) => values.map(([at, value]) => [at, Number(value)] as const));
  }

  /** What Prometheus' API says to this path. */
  async prometheus<Data>(path: string): Promise<Data> {
    const url = `http://127.0.0.1:${prometheusPort}/api/v1/${path}`;
    return (JSON.parse(await this.get(url)) as { data: Data }).data;
  }

  /** Asks on the host itself. */
  get(url: string): Promise<string> {
    const { network } = this.#testbed;
    return run(...inside(network.host, 'curl', ['--silent', '--fail', '--globoff', '--noproxy', '*', url]));
  }

  async #makeImage(
    name: string,
    { file, as, data }: (typeof programs)[keyof typeof programs],
  ): Promise<void> {
    const context = this.#testbed.workplace.makeDirectory(`image${as.replaceAll('/', '-')}`);
    cpSync(file, join(context, 'program'));
    cpSync(templates, join(context, 'templates'), { recursive: true });
    mkdirSync(join(context, 'data'));
    const steps = [
      `FROM ${baseImage}`,
      `COPY program ${as}`,
      // Alertmanager's, which has them in its program elsewhere.
      `COPY templates ${templates}`,
      `COPY --chown=nobody:nogroup data ${data}`,
      'USER nobody',
      `WORKDIR ${data}`,
      `ENTRYPOINT ["${as}"]`,
    ];
    writeFileSync(join(context, 'Dockerfile'), `${steps.join('\n')}\n`);
    await this.#testbed.engine.docker('build', '--quiet', '--network=none', '--tag', name, context);
  }
}
