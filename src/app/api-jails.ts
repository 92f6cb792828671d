import { open, rename } from 'node:fs/promises';
import { apiJailsFile, decideApiJail, type GivenOptions, layersOf } from '../config/api-jails.ts';
import { configurationChanges, describeChanges } from '../config/changes.ts';
import { optionsOf } from '../config/jails.ts';
import { type Configuration, jailName } from '../config/schema.ts';
import type { JailChange, ListedJail } from '../control/protocol.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Jails } from './jails.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';

/** Jails that the API makes, in all: as with labels, each may have sets and rules of its own in the kernel. */
export const mostApiJails = 500;

export interface ApiJailDeskParts {
  readonly running: Live<Configuration>;
  readonly jails: Jails;
  /** Makes it the running one. */
  readonly apply: (configuration: Configuration) => Promise<unknown>;
  /** A reload takes a configuration for the running one, too: one after the other. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly log: Log;
}

/**
 * Where jails are added and removed while the daemon runs. They stand in a file of the state directory, which is read with
 * the configuration: they are there after a restart, and a reload leaves them alone.
 */
export class ApiJailDesk {
  readonly #parts: ApiJailDeskParts;

  constructor(parts: ApiJailDeskParts) {
    this.#parts = parts;
  }

  list(): readonly ListedJail[] {
    const { jails, running } = this.#parts;
    const { stored, names } = running.now.apiJails;
    const runs = [...jails.all()].map(({ configuration }): ListedJail => {
      const { name } = configuration;
      const given = names.has(name) ? stored.get(name) : undefined;
      if (given !== undefined) return { name, origin: 'api', running: true, options: given };
      if (jails.isConfigured(name)) return { name, origin: 'configuration', running: true, options: null };
      return { name, origin: 'labels', running: true, options: { ...optionsOf(configuration) } };
    });
    const idle = [...stored].filter(([name]) => jails.get(name) === undefined);
    return [
      ...runs,
      ...idle.map(([name, options]): ListedJail => ({ name, origin: 'api', running: false, options })),
    ];
  }

  /** @throws ConfigurationErrors with all that is wrong; BailiffError config-invalid, jail-configured, jails-unwritable */
  put(name: string, options: GivenOptions): Promise<JailChange> {
    return this.#parts.inTurn(() => this.#put(name, options));
  }

  /** @throws BailiffError jail-not-found, jail-configured, jails-unwritable */
  remove(name: string): Promise<JailChange> {
    return this.#parts.inTurn(() => this.#remove(name));
  }

  async #put(name: string, options: GivenOptions): Promise<JailChange> {
    const now = this.#parts.running.now;
    const others = now.jails.filter((jail) => jail.name !== name);
    const known = now.apiJails.names.has(name);
    if (!jailName.test(name)) throw badName();
    if (!known && others.length < now.jails.length) throw configured(name);
    const jail = decideApiJail(name, options, others, layersOf(now));
    const stored = new Map(now.apiJails.stored).set(name, options);
    if (stored.size > mostApiJails) throw tooMany();
    await store(now.stateDir, stored);
    const names = new Set(now.apiJails.names).add(name);
    const apiJails = { stored, names, problems: without(now.apiJails.problems, name) };
    const changes = await this.#become({ ...now, jails: [...others, jail], apiJails });
    if (!known) return { jail: name, outcome: 'added', changes };
    return { jail: name, outcome: changes.length > 0 ? 'changed' : 'unchanged', changes };
  }

  async #remove(name: string): Promise<JailChange> {
    const now = this.#parts.running.now;
    const { stored, names } = now.apiJails;
    if (!stored.has(name)) throw this.#notOurs(name);
    const left = without(stored, name);
    await store(now.stateDir, left);
    const jails = now.jails.filter((jail) => jail.name !== name || !names.has(name));
    const apiJails = {
      stored: left,
      names: new Set([...names].filter((each) => each !== name)),
      problems: without(now.apiJails.problems, name),
    };
    return { jail: name, outcome: 'removed', changes: await this.#become({ ...now, jails, apiJails }) };
  }

  async #become(wanted: Configuration): Promise<readonly string[]> {
    const { running, apply, log } = this.#parts;
    const changes = describeChanges(configurationChanges(running.now, wanted), []);
    await apply(wanted);
    if (changes.length > 0) log.warn({ changes, by: 'api' }, 'jails changed');
    return changes;
  }

  #notOurs(name: string): BailiffError {
    const { jails } = this.#parts;
    return jails.get(name) === undefined ? unknown(name) : configured(name);
  }
}

function without<T>(map: ReadonlyMap<string, T>, name: string): ReadonlyMap<string, T> {
  return new Map([...map].filter(([key]) => key !== name && key !== ''));
}

/** @throws BailiffError jails-unwritable: nothing has changed then */
async function store(stateDir: string, jails: ReadonlyMap<string, GivenOptions>): Promise<void> {
  const path = apiJailsFile(stateDir);
  try {
    {
      await using file = await open(`${path}.new`, 'w', 0o600);
      await file.writeFile(`${JSON.stringify(Object.fromEntries(jails), null, 2)}\n`);
      await file.sync();
    }
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw new BailiffError('jails-unwritable', messageOf(cause), {
      where: path,
      remedy: 'Nothing was changed. See that the state directory can be written.',
      cause,
    });
  }
}

function badName(): BailiffError {
  return new BailiffError('config-invalid', 'this cannot name a jail', {
    remedy: 'A name has at most 64 letters, digits, dots, dashes and underscores.',
  });
}

function configured(name: string): BailiffError {
  return new BailiffError('jail-configured', `the jail ${name} was not added over the API`, {
    remedy: 'Change it where it is configured (`bailiff config show`), or choose another name.',
  });
}

function unknown(name: string): BailiffError {
  return new BailiffError('jail-not-found', `there is no jail "${name.slice(0, 64)}" of the API`, {
    remedy: 'GET /jails lists the jails and where they come from.',
  });
}

function tooMany(): BailiffError {
  return new BailiffError('config-invalid', `the API has made ${mostApiJails} jails, and no more are made`, {
    remedy: 'Remove one first.',
  });
}
