import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { readFilter } from '../../../src/config/filter-file.ts';
import { findFilters, shippedFilters } from '../../../src/config/filters.ts';
import { jailsFromLabels } from '../../../src/config/labels.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import type { Configuration } from '../../../src/config/schema.ts';
import { folderOf } from '../folder.ts';

/** What a block of YAML is an example of. */
export type YamlKind = 'bailiff.yaml' | 'compose file' | 'filter' | 'part of a service' | 'part of a filter';

type Values = Readonly<Record<string, unknown>>;

const ofService = /^(?:build|cap_add|command|environment|image|pid|ports|secrets|volumes)$/;
const ofFilter =
  /^(?:counts|description|expressions|forgeable|ignore|ignorecase|images|jail|kind|logs|long-lines|modes|name|overlaps|prefix|rules|samples|setup)$/;

export function kindOf(values: unknown): YamlKind {
  if (Array.isArray(values)) return 'part of a filter';
  const keys = Object.keys(values as Values);
  if (keys.includes('services')) return 'compose file';
  if (keys.every((key) => ofService.test(key))) return 'part of a service';
  if (keys.includes('kind') && keys.includes('name')) return 'filter';
  return keys.every((key) => ofFilter.test(key)) ? 'part of a filter' : 'bailiff.yaml';
}

/** Holds blocks of YAML against what reads them in earnest. */
export class YamlExamples {
  readonly #folder = folderOf({ 'secret/value': 'https://hooks.example.org/some' });
  /** The filters that pages name, beside those there are. */
  readonly #filters: Promise<ReadonlyMap<string, string>>;

  constructor(filters: Readonly<Record<string, string>>) {
    this.#filters = findFilters([shippedFilters]).then(
      (all) => new Map([...all, ...Object.entries(filters)]),
    );
  }

  /** @throws where it is wrong */
  async check(text: string): Promise<YamlKind> {
    const values: unknown = parse(text);
    const kind = kindOf(values);
    if (kind === 'bailiff.yaml') await this.configuration({ text });
    else if (kind === 'compose file')
      await this.#services((values as { services: Record<string, Values> }).services);
    else if (kind === 'part of a service') await this.#services({ bailiff: values as Values });
    else if (kind === 'filter') readFilter(text, 'NAME.yaml');
    else readFilter(stringify(wholeFilter(values)), 'NAME.yaml');
    return kind;
  }

  /** @throws ConfigurationErrors */
  async configuration({
    text = '',
    environment = {},
  }: {
    text?: string;
    environment?: Values;
  }): Promise<Configuration> {
    const file = path.join(this.#folder, 'bailiff.yaml');
    writeFileSync(file, text);
    const variables = Object.entries(environment).map(([name, value]): [string, string] => {
      return [name, name.endsWith('_FILE') ? path.join(this.#folder, 'secret/value') : String(value)];
    });
    return loadConfiguration({
      file,
      environment: Object.fromEntries(variables),
      knownFilters: await this.#filters,
    });
  }

  /** @throws where labels are refused */
  async labels(name: string, image: string, labels: Values): Promise<void> {
    const texts = Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
    const { errors } = jailsFromLabels({ name, image, labels: texts }, await this.configuration({}));
    if (errors.length > 0)
      throw new Error(errors.map(({ where, message }) => `${where}: ${message}`).join('; '));
  }

  async #services(services: Readonly<Record<string, Values>>): Promise<void> {
    for (const [name, { image = '', labels = {}, environment = {} }] of Object.entries(services)) {
      await this.labels(name, String(image), mapOf(labels));
      if (name === 'bailiff') await this.configuration({ environment: mapOf(environment) });
    }
  }
}

/** Compose takes a list of `NAME=value` as well. */
function mapOf(given: unknown): Values {
  if (!Array.isArray(given)) return given as Values;
  return Object.fromEntries(
    given.map((each) => {
      const [name = '', ...value] = String(each).split('=');
      return [name, value.join('=')];
    }),
  );
}

/** A filter that has this part, and nothing else of interest. */
function wholeFilter(part: unknown): Values {
  const given = Array.isArray(part) ? { samples: part } : (part as Values);
  const { modes } = given as { modes?: readonly string[] };
  const looks = 'rules' in given ? { kind: 'json' } : { kind: 'regex', expressions: [{ hit: '^ <HOST>$' }] };
  const named =
    JSON.stringify(given).match(/aggressive/) && modes === undefined
      ? { modes: ['normal', 'aggressive'] }
      : {};
  const samples = [{ line: '2026-11-22T16:02:01Z 203.0.113.7', yields: 'hit', host: '203.0.113.7' }];
  return { name: 'part', description: 'a part', samples, ...looks, ...named, ...given };
}
