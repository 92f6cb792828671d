import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { findFilters, shippedFilters } from './filters.ts';
import { jailsFromLabels } from './labels.ts';
import { loadConfiguration } from './load.ts';

const root = new URL('../../', import.meta.url);

interface Service {
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const composed = (file: string): Compose => parse(textOf(file)) as Compose;

/** By example: the service that is protected, and its jails. */
const examples: Readonly<Record<string, readonly [service: string, jails: readonly string[]]>> = {
  mail: ['mail', ['docker-mailserver']],
  nginx: ['web', ['nginx-http-auth']],
  'socket-proxy': ['web', ['nginx-http-auth']],
  'traefik-whoami': ['traefik', ['json-http']],
  vaultwarden: ['vaultwarden', ['vaultwarden']],
};

test('every example of a compose file is tested here', () => {
  const folders = readdirSync(new URL('examples', root), { withFileTypes: true });
  assert.deepEqual(
    folders.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort(),
    Object.keys(examples).sort(),
  );
});

for (const [example, [name, expected]] of Object.entries(examples)) {
  const file = `examples/${example}/compose.yaml`;

  test(`${file} says what to change, and protects ${name} with two labels`, async () => {
    assert.match(textOf(file), /^(?:#.*\n)*# To change: .*\n(?:#.*\n)+services:/);
    const { services } = composed(file);
    const { bailiff, [name]: service } = services;
    const labels = service?.labels ?? {};
    assert.deepEqual(Object.keys(labels), ['bailiff.enable', 'bailiff.jails']);
    const configuration = await loadConfiguration({
      file: fileURLToPath(new URL('src/config/testdata/empty.yaml', root)),
      environment: bailiff?.environment ?? {},
      knownFilters: await findFilters([shippedFilters]),
    });
    const container = { name, image: service?.image ?? '', labels };
    const { jails, errors } = jailsFromLabels(container, configuration);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      jails.map((jail) => [jail.name, jail.container]),
      expected.map((jail) => [`${jail}@${name}`, [name]]),
    );
    const { jails: fitting, notes } = jailsFromLabels(
      { ...container, labels: { 'bailiff.enable': 'true' } },
      configuration,
    );
    for (const jail of expected)
      assert.ok(
        fitting.some((each) => each.name === `${jail}@${name}`) ||
          notes.join().includes(` ${jail} (forgeable)`),
        `enable alone asks for ${jail}, too, or says why not`,
      );
  });
}

test('Bailiff is the same in all of them, and as in the compose file of this repository', () => {
  const bare = (file: string) => {
    const {
      environment: _,
      build: __,
      ...rest
    } = composed(file).services['bailiff'] as Service & {
      build?: string;
    };
    return rest;
  };
  const { volumes: _, tmpfs: __, ...expected } = bare('compose.yaml') as Record<string, unknown>;
  for (const example of Object.keys(examples)) {
    const { volumes, tmpfs, ...rest } = bare(`examples/${example}/compose.yaml`) as Record<string, unknown>;
    assert.deepEqual(rest, expected, example);
    const mine = example === 'socket-proxy';
    assert.deepEqual(tmpfs, mine ? ['/tmp', '/run'] : ['/tmp'], example);
    const usual = bare('compose.yaml') as unknown as { volumes: string[] };
    assert.deepEqual(
      volumes,
      usual.volumes.filter((volume) => !mine || volume !== 'run:/run'),
      example,
    );
  }
});
