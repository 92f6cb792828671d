import { setTimeout as delay } from 'node:timers/promises';
import { type Family, familyOf } from '../../core/address.ts';
import { BailiffError, messageOf } from '../../core/errors.ts';
import { type Policy, plainPolicy } from '../../core/policy.ts';
import type { Change, Element, Taken } from '../backend.ts';
import { runCommand } from '../command.ts';
import { Lane } from '../lane.ts';
import { inSlices } from '../slices.ts';
import {
  changeLine,
  copyLine,
  ourSets,
  parseElements,
  type SetContent,
  setName,
  takenIn,
} from './element.ts';
import type { Ipset } from './ipset.ts';

export const families: readonly Family[] = [4, 6];

/** Elements a set may hold to begin with; ipset's default of 65,536 has been too little for others. */
const usualCapacity = 1_048_576;
/** Buckets a set begins with. It grows by itself, but copies all elements each time; this many take 128 KiB. */
const hashSize = 16_384;
/** From so many lines on a process of its own is worth it: `ipset restore` puts many into one message to the kernel. */
const restoreFrom = 5_000;
/** Elements up to which one of them is looked up, for which ip_set has to list them all: half a second of work, and 13 MB. */
const mostSearched = 250_000;
/** How much a full set is made larger. */
const growth = 4;

/** What `ipset list -t` says of one set. */
export interface SetHeader {
  readonly type: string;
  readonly family: string;
  readonly timeouts: boolean;
  /** Whether it counts what each element matches. */
  readonly counters: boolean;
  readonly capacity: number;
  /** How many elements it holds; such as have ended count until the kernel sweeps, seconds later. */
  readonly entries: number;
}

/** The children that speak with ip_set, each for what would disturb the others. */
export interface SetChannels {
  /** Changes the sets. */
  readonly writer: Ipset;
  /** Reads elements: no ban waits while a large set is read. */
  readonly reader: Ipset;
  /** Reads headers only: `list -t` sticks to the child that was asked it. */
  readonly headers: Ipset;
}

/**
 * The kernel's sets: `bailiff4` and `bailiff6`, and a pair for each policy that is not the plain one. Both
 * families stand also on a machine without IPv6, whose kernel makes them just as well.
 */
export class Sets {
  readonly #channels: SetChannels;
  readonly #capacity: number;
  /** A set that is being exchanged must not be changed meanwhile. */
  readonly #changes = new Lane();
  #policies: readonly Policy[] = [plainPolicy];
  /** Names of all sets that stood when `ensure` looked. */
  #standing: readonly string[] = [];
  /** By name: how large it was made since the start. */
  readonly #grown = new Map<string, number>();

  /** `capacity`: elements a new set may hold; tests make them small. */
  constructor(channels: SetChannels, capacity = usualCapacity) {
    this.#channels = channels;
    this.#capacity = capacity;
  }

  /**
   * Makes the sets of these policies be there, as they must be; elements that stand in them stay. A set that
   * bears our name and is another kind is replaced, for which `release` has to take the rules off it.
   * @returns what went wrong, by the set's name; empty when all are right. @throws BailiffError enforcement-failed
   */
  async ensure(
    policies: readonly Policy[],
    release: (family: Family) => Promise<void>,
  ): Promise<ReadonlyMap<string, string>> {
    this.#policies = policies;
    const headers = await this.#headers();
    this.#standing = [...headers.keys()];
    const problems = new Map<string, string>();
    for (const { name, family } of this.#wanted()) {
      const header = headers.get(name);
      if (header !== undefined && this.#isOurs(header, family)) continue;
      try {
        if (header === undefined) await this.#create(name, family, this.#capacity);
        else await this.#changes.run(() => this.#replace(name, header, family, () => release(family)));
      } catch (error) {
        problems.set(name, messageOf(error));
      }
    }
    return problems;
  }

  /** Takes away sets of ours that no policy wants any more. One that somebody's rule still names is left for the next time. */
  async sweep(): Promise<void> {
    const wanted = new Set(this.#wanted().map(({ name }) => name));
    for (const name of this.#standing) {
      if (!ourSets.test(name) || wanted.has(name)) continue;
      await this.#changes.run(() => this.#channels.writer.send([`destroy ${name}`])).catch(() => undefined);
    }
  }

  /** What stands in them, those left out that are not as they must be. @throws BailiffError enforcement-failed */
  async list(but: ReadonlySet<string>): Promise<Element[]> {
    const sets = new Map(this.#wanted().flatMap((set) => (but.has(set.name) ? [] : [[set.name, set]])));
    const saved = await this.#channels.reader.send([...sets.keys()].map((name) => `save ${name}`));
    const elements: Element[] = [];
    await inSlices(parseElements(saved, sets), (element) => void elements.push(element));
    return elements;
  }

  /** How many elements stand in all of them, without reading them. @throws BailiffError enforcement-failed */
  async count(): Promise<number> {
    const headers = await this.#headers();
    return this.#wanted().reduce((sum, { name }) => sum + (headers.get(name)?.entries ?? 0), 0);
  }

  /**
   * What each of these took since it stands, null for one that does not. A refreshing of its time leaves the kernel's
   * count as it is, and so does a larger set. One that ended by itself and is added again before the kernel
   * has swept it, within two seconds, counts on. @throws BailiffError enforcement-failed, where they are too many to search
   */
  async taken(elements: readonly Pick<Element, 'address' | 'policy'>[]): Promise<(Taken | null)[]> {
    const headers = await this.#headers();
    const names = new Set(elements.map(({ address, policy }) => setName(familyOf(address), policy)));
    const standing = [...names].filter((name) => headers.has(name));
    const entries = standing.reduce((sum, name) => sum + (headers.get(name)?.entries ?? 0), 0);
    if (entries > mostSearched) {
      const message = `to find it among ${entries} costs too much, since ipset can only list them all`;
      throw new BailiffError('enforcement-failed', message);
    }
    const saved = await this.#channels.reader.send(standing.map((name) => `save ${name}`));
    return elements.map((element) => takenIn(saved, element));
  }

  /**
   * One batch. Whatever can be applied is, also when it rejects for the rest. Sets that are full are made
   * larger, under the rules that use them, and the batch is sent again.
   * @throws BailiffError enforcement-failed, address-invalid
   */
  async apply(changes: readonly Change[]): Promise<void> {
    const lines: string[] = [];
    let refused: unknown = null;
    const policies = new Set(this.#policies);
    for (const change of changes) {
      // What should not stand does not, where its set is not there.
      if (change.kind === 'delete' && !policies.has(change.policy)) continue;
      try {
        lines.push(changeLine(change));
      } catch (error) {
        refused = error;
      }
    }
    if (lines.length > 0) await this.#changes.run(() => this.#send(lines));
    if (refused !== null) throw refused;
  }

  /** Sets that were full, a sentence each: so many bans may be no accident. */
  remarks(): string[] {
    return [...this.#grown].map(([name, size]) => `the set ${name} was full and takes ${size} bans now`);
  }

  /** Takes all of ours away, with what stands in them. @returns whether there were any. @throws BailiffError enforcement-failed */
  async destroy(): Promise<boolean> {
    const ours = [...(await this.#headers()).keys()].filter((name) => ourSets.test(name));
    for (const name of ours) await this.#destroyUnreferenced(name);
    return ours.length > 0;
  }

  #wanted(): (SetContent & { readonly name: string })[] {
    return this.#policies.flatMap((policy) =>
      families.map((family) => ({ name: setName(family, policy), family, policy })),
    );
  }

  async #send(lines: readonly string[]): Promise<void> {
    if (lines.length >= restoreFrom && (await restore([...(await this.#introductions()), ...lines]))) return;
    for (;;) {
      try {
        await this.#channels.writer.send(lines);
        return;
      } catch (error) {
        if (!messageOf(error).includes('is full') || !(await this.#grow())) throw error;
      }
    }
  }

  /**
   * Lines that make the standing sets known to an `ipset restore`. One that it has not created itself it asks the
   * kernel about at every line, which takes twice as long.
   */
  async #introductions(): Promise<string[]> {
    const headers = await this.#headers();
    return this.#wanted().flatMap(({ name, family }) => {
      const header = headers.get(name);
      return header?.counters === true ? [createLine(name, family, header.capacity)] : [];
    });
  }

  /** Makes the sets larger that are full, or nearly so. @returns whether there was one */
  async #grow(): Promise<boolean> {
    const headers = await this.#headers();
    let grown = false;
    for (const { name, family } of this.#wanted()) {
      const header = headers.get(name);
      if (header === undefined || header.entries < header.capacity * 0.9) continue;
      await this.#exchange(name, family, header.capacity * growth);
      this.#grown.set(name, header.capacity * growth);
      grown = true;
    }
    return grown;
  }

  async #headers(): Promise<ReadonlyMap<string, SetHeader>> {
    return parseHeaders(await this.#channels.headers.send(['list -t']));
  }

  async #create(name: string, family: Family, capacity: number): Promise<void> {
    await this.#channels.writer.send([createLine(name, family, capacity)]);
  }

  /** A set of the same type is swapped under the rules that use it, with its elements; another is taken away first. */
  async #replace(
    name: string,
    header: SetHeader,
    family: Family,
    release: () => Promise<void>,
  ): Promise<void> {
    if (header.type === 'hash:net' && header.family === familyName(family)) {
      await this.#exchange(name, family, Math.max(this.#capacity, header.capacity));
      return;
    }
    await release();
    await this.#destroyUnreferenced(name);
    await this.#create(name, family, this.#capacity);
  }

  /** Puts a set of this capacity in the place of one, with its elements: nobody gets in meanwhile. */
  async #exchange(name: string, family: Family, capacity: number): Promise<void> {
    const { writer } = this.#channels;
    const fresh = `${name}-new`;
    const copies: string[] = [];
    for (const line of (await writer.send([`save ${name}`])).split('\n')) {
      const copy = copyLine(line, fresh);
      if (copy !== null) copies.push(copy);
    }
    const headers = await this.#headers();
    if (headers.has(fresh)) await writer.send([`destroy ${fresh}`]);
    await this.#create(fresh, family, capacity);
    const many = copies.length >= restoreFrom;
    if (!many || !(await restore([createLine(fresh, family, capacity), ...copies])))
      await writer.send(copies);
    await writer.send([`swap ${name} ${fresh}`, `destroy ${fresh}`]);
  }

  #isOurs(header: SetHeader, family: Family): boolean {
    const kind = header.type === 'hash:net' && header.family === familyName(family);
    return kind && header.timeouts && header.counters && header.capacity >= this.#capacity;
  }

  /** nf_tables lets go of a set a moment after the rule that used it is gone, so "in use" is asked again. */
  async #destroyUnreferenced(name: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#channels.writer.send([`destroy ${name}`]);
        return;
      } catch (error) {
        if (attempt === 20 || !messageOf(error).includes('in use')) throw error;
        await delay(50);
      }
    }
  }
}

/** @returns whether all were taken: it stops at the first that is refused. The child goes on behind it, and takes no harm from the others. */
async function restore(lines: readonly string[]): Promise<boolean> {
  return (await runCommand('ipset', ['restore'], { input: `${lines.join('\n')}\n` })).ok;
}

/** Reads `ipset list -t`. */
export function parseHeaders(text: string): Map<string, SetHeader> {
  const headers = new Map<string, SetHeader>();
  for (const block of text.split(/^Name: /m).slice(1)) {
    const name = block.slice(0, block.indexOf('\n')).trim();
    const header = /^Header: (.*)$/m.exec(block)?.[1] ?? '';
    headers.set(name, {
      type: /^Type: (\S+)$/m.exec(block)?.[1] ?? '',
      family: /\bfamily (\S+)/.exec(header)?.[1] ?? '',
      timeouts: /\btimeout \d+/.test(header),
      counters: /\bcounters\b/.test(header),
      capacity: Number(/\bmaxelem (\d+)/.exec(header)?.[1] ?? 0),
      entries: Number(/^Number of entries: (\d+)$/m.exec(block)?.[1] ?? 0),
    });
  }
  return headers;
}

function createLine(name: string, family: Family, capacity: number): string {
  return `create -exist ${name} hash:net family ${familyName(family)} hashsize ${hashSize} maxelem ${capacity} timeout 0 counters`;
}

function familyName(family: Family): 'inet' | 'inet6' {
  return family === 4 ? 'inet' : 'inet6';
}
