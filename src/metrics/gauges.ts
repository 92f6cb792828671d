import { Counter, Gauge } from 'prom-client';
import type { Series } from './exposition.ts';

type Labels<Label extends string> = Readonly<Record<Label, string>>;
type Values<Label extends string> = Iterable<readonly [labels: Labels<Label>, value: number]>;

/** What somebody else counts or holds, read whenever metrics are: what is not there any more leaves nothing behind. */
export class ReadSeries<Label extends string> {
  readonly #series: Series;
  readonly #prefix: string;
  readonly #labels: readonly Label[];

  /** Names begin with the prefix; all have these labels. */
  constructor(series: Series, prefix: string, labels: readonly Label[]) {
    this.#series = series;
    this.#prefix = prefix;
    this.#labels = labels;
  }

  gauge(name: string, help: string, read: () => Values<Label>): void {
    this.#register(Gauge, name, help, read);
  }

  /** The values never go down while the labels stay. */
  counter(name: string, help: string, read: () => Values<Label>): void {
    this.#register(Counter, name, help, read);
  }

  #register(
    kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    read: () => Values<Label>,
  ): void {
    new kind({
      name: `${this.#prefix}${name}`,
      help,
      labelNames: this.#labels,
      registers: [this.#series],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }
}

/** A gauge without labels, read whenever metrics are; null: there is nothing to say. */
export function readGauge(
  series: Series,
  name: string,
  help: string,
  read: () => number | null | Promise<number | null>,
): void {
  new Gauge({
    name,
    help,
    registers: [series],
    async collect() {
      const value = await read();
      this.remove();
      if (value !== null) this.set(value);
    },
  });
}
