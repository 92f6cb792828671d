import { setTimeout } from 'node:timers/promises';
import { BailiffError, messageLine } from '../core/errors.ts';
import { type Api, asObject, expired, isExpired } from './api.ts';

/** A collection of objects, and what is kept of each. */
export interface Collection<T> {
  /** `/api/v1/pods`. */
  readonly path: string;
  /** Such as a `fieldSelector`. */
  readonly query: Readonly<Record<string, string>>;
  /**
   * Whether one answer holds all of them. Then any version of the list will do (`resourceVersion=0`), which the server has in
   * memory, by an index where it is about the pods of a node; pages it reads out of etcd, all pods of the cluster for those of
   * one node (kubernetes.io, "Resource Versions").
   */
  readonly few: boolean;
  /** null: nothing of it is of interest. */
  read(object: unknown): T | null;
}

export interface ReflectorPauses {
  /** ms between two tries, growing from the first to the longest while they fail; by chance up to half as long again. */
  readonly first: number;
  readonly longest: number;
  /** How long (s) the server is to keep one watch. */
  readonly watch: number;
}

const usualPauses: ReflectorPauses = { first: 500, longest: 30_000, watch: 300 };
/** A round that lasted this long (ms) was well. */
const wellAfterMs = 5_000;
/** Objects a page; an answer of thousands at once is costly for the API server too. */
const pageSize = '500';
/** After so many failures in a row all is listed again: the server may be one that was restored from a backup. */
const mostFailures = 3;
/** How much longer (ms) than asked a watch may go on: then nobody is at the other end. */
const graceMs = 30_000;

export interface ReflectorEvents {
  /** The objects are others. */
  readonly changed: () => void;
  /** Why nothing is learnt at the moment; null: all is well (again). */
  readonly state: (problem: string | null) => void;
}

/**
 * The objects of a collection as the API server has them: a list, then a watch from there, taken up again where it left
 * off (kubernetes.io, "Efficient detection of changes"). While the server is away, what was known last stands.
 */
export class Reflector<T> {
  /** By uid. */
  readonly objects = new Map<string, T>();
  readonly #api: Api;
  readonly #collection: Collection<T>;
  readonly #events: ReflectorEvents;
  readonly #pauses: ReflectorPauses;
  /** Where the watch goes on; null: everything has to be listed. */
  #version: string | null = null;
  /** A version was forgotten: what the server has in memory may be as old, so the next list has to be the newest. */
  #newest = false;
  #failures = 0;

  constructor(api: Api, collection: Collection<T>, events: ReflectorEvents, pauses = usualPauses) {
    this.#api = api;
    this.#collection = collection;
    this.#events = events;
    this.#pauses = pauses;
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { first, longest } = this.#pauses;
    let pause = first;
    while (!signal.aborted) {
      const began = performance.now();
      await this.#round(signal).catch((error: unknown) => this.#failed(error, signal));
      if (performance.now() - began > wellAfterMs) pause = first;
      // Not all nodes at the same moment, when a server comes back that all of them have lost.
      const wait = pause * (1 + Math.random() / 2);
      await setTimeout(wait, undefined, { signal, ref: false }).catch(() => undefined);
      pause = Math.min(pause * 2, longest);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    this.#version ??= await this.#list(signal);
    await this.#watch(this.#version, signal);
  }

  #failed(error: unknown, signal: AbortSignal): void {
    this.#failures += 1;
    if (isExpired(error) || this.#failures >= mostFailures) this.#version = null;
    this.#newest = isExpired(error);
    if (!isExpired(error) && !signal.aborted) this.#events.state(messageLine(error));
  }

  /** @returns the version of the list */
  async #list(signal: AbortSignal): Promise<string> {
    const found = new Map<string, T>();
    const fromMemory = this.#collection.few && !this.#newest;
    let goOn = '';
    let version = '';
    do {
      const isFirst = goOn === '';
      const query = fromMemory && isFirst ? { resourceVersion: '0' } : { limit: pageSize, continue: goOn };
      const page = asObject(await this.#api.get(this.#path(query), signal));
      const { continue: next, resourceVersion } = asObject(page['metadata']);
      const items: readonly unknown[] = Array.isArray(page['items']) ? page['items'] : [];
      for (const item of items) this.#put(found, item);
      goOn = textOr(next);
      version = textOr(resourceVersion);
    } while (goOn !== '');
    if (version === '') throw new BailiffError('kubernetes-unreachable', 'its list has no resource version');
    this.objects.clear();
    for (const [uid, object] of found) this.objects.set(uid, object);
    this.#failures = 0;
    this.#events.state(null);
    this.#events.changed();
    return version;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { watch: seconds } = this.#pauses;
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: `${seconds}`,
    };
    const events = await this.#api.watch(this.#path(query), seconds * 1_000 + graceMs, signal);
    this.#events.state(null);
    for await (const event of events) {
      const { type, object } = asObject(event);
      if (type === 'ERROR') throw errorOf(object);
      const { resourceVersion } = asObject(asObject(object)['metadata']);
      this.#version = textOr(resourceVersion, this.#version ?? '');
      this.#failures = 0;
      if (type === 'DELETED') this.objects.delete(uidOf(object));
      else if (type === 'ADDED' || type === 'MODIFIED') this.#put(this.objects, object);
      if (type !== 'BOOKMARK') this.#events.changed();
    }
  }

  #put(objects: Map<string, T>, object: unknown): void {
    const uid = uidOf(object);
    const kept = this.#collection.read(object);
    if (kept === null) objects.delete(uid);
    else if (uid !== '') objects.set(uid, kept);
  }

  #path(query: Readonly<Record<string, string>>): string {
    const said = Object.entries({ ...this.#collection.query, ...query }).filter(([, value]) => value !== '');
    return `${this.#collection.path}?${new URLSearchParams(said)}`;
  }
}

/** Of the `Status` that an event of type ERROR holds. */
function errorOf(status: unknown): BailiffError {
  const { code, message } = asObject(status);
  if (code === 410) return expired();
  return new BailiffError('kubernetes-unreachable', `its watch failed: ${textOr(message).slice(0, 300)}`);
}

const uidOf = (object: unknown): string => textOr(asObject(asObject(object)['metadata'])['uid']);

const textOr = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
