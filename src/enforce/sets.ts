import { setTimeout as delay } from 'node:timers/promises';
import type { Family } from '../core/address.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Change, Element } from './backend.ts';
import { runCommand } from './command.ts';
import { changeLine, parseElements, setName } from './element.ts';
import type { Ipset } from './ipset.ts';
import { inSlices } from './slices.ts';

export const families: readonly Family[] = [4, 6];

/** Elements a set may hold; ipset's default of 65,536 has been too little for others. */
const capacity = 1_048_576;

/** What `ipset list -t` says of one set. */
export interface SetHeader {
  readonly type: string;
  readonly family: string;
  readonly timeouts: boolean;
  readonly capacity: number;
  /** How many elements it holds; such as have ended count until the kernel sweeps, seconds later. */
  readonly entries: number;
}

/**
 * The two kernel sets, `bailiff4` and `bailiff6`. Both stand also on a machine without IPv6, whose kernel
 * makes them just as well.
 */
export class Sets {
  readonly #ipset: Ipset;
  readonly #reader: Ipset;

  /** `reader` is another child than the one that changes the sets, so that no ban waits while a large set is read. */
  constructor(ipset: Ipset, reader: Ipset) {
    this.#ipset = ipset;
    this.#reader = reader;
  }

  /**
   * Makes both sets be there, as they must be; elements that stand in them stay. A set that bears our
   * name and is another kind is replaced, for which `release` has to take the rules off it.
   * @returns what went wrong, by family; empty when both are right.
   */
  async ensure(release: (family: Family) => Promise<void>): Promise<ReadonlyMap<Family, string>> {
    const headers = await this.#headers();
    const problems = new Map<Family, string>();
    for (const family of families) {
      const header = headers.get(setName(family));
      if (header !== undefined && isOurs(header, family)) continue;
      try {
        if (header === undefined) await this.#ipset.send([createLine(setName(family), family)]);
        else await this.#replace(header, family, () => release(family));
      } catch (error) {
        problems.set(family, messageOf(error));
      }
    }
    return problems;
  }

  async list(wanted: readonly Family[] = families): Promise<Element[]> {
    const elements: Element[] = [];
    for (const family of wanted) {
      const saved = await this.#reader.send([`save ${setName(family)}`]);
      await inSlices(parseElements(saved, family), (element) => void elements.push(element));
    }
    return elements;
  }

  /** How many elements stand in both, without reading them. @throws BailiffError enforcement-failed */
  async count(): Promise<number> {
    const headers = await this.#headers();
    return families.reduce((sum, family) => sum + (headers.get(setName(family))?.entries ?? 0), 0);
  }

  /**
   * One batch. Whatever can be applied is, also when it rejects for the rest.
   * @throws BailiffError enforcement-failed, address-invalid
   */
  async apply(changes: readonly Change[]): Promise<void> {
    const lines: string[] = [];
    let refused: unknown = null;
    for (const change of changes) {
      try {
        lines.push(changeLine(change));
      } catch (error) {
        refused = error;
      }
    }
    if (lines.length > 0) await this.#ipset.send(lines);
    if (refused !== null) throw refused;
  }

  /** Takes both sets away, with what stands in them. @throws BailiffError enforcement-failed */
  async destroy(): Promise<void> {
    const headers = await this.#headers();
    for (const family of families) {
      if (headers.has(setName(family))) await this.#destroyUnreferenced(setName(family));
    }
  }

  async #headers(): Promise<ReadonlyMap<string, SetHeader>> {
    const listed = await runCommand('ipset', ['list', '-t']);
    if (listed.ok) return parseHeaders(listed.output);
    throw new BailiffError('enforcement-failed', `the kernel's sets cannot be read: ${listed.complaint}`);
  }

  /** A set of the same type is swapped under the rules that use it, with its elements; another is taken away first. */
  async #replace(header: SetHeader, family: Family, release: () => Promise<void>): Promise<void> {
    const name = setName(family);
    if (header.type === 'hash:net' && header.family === familyName(family)) {
      const standing = await this.#ipset.send([`save ${name}`]);
      const fresh = `${name}-new`;
      const elements = [...parseElements(standing, family)].filter(({ remaining }) => remaining !== 0);
      const copies = elements.map((element) =>
        changeLine({ kind: 'add', ...element }).replace(` ${name} `, ` ${fresh} `),
      );
      await this.#ipset.send([createLine(fresh, family), `flush ${fresh}`, ...copies]);
      await this.#ipset.send([`swap ${name} ${fresh}`, `destroy ${fresh}`]);
      return;
    }
    await release();
    await this.#destroyUnreferenced(name);
    await this.#ipset.send([createLine(name, family)]);
  }

  /** nf_tables lets go of a set a moment after the rule that used it is gone, so "in use" is asked again. */
  async #destroyUnreferenced(name: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#ipset.send([`destroy ${name}`]);
        return;
      } catch (error) {
        if (attempt === 20 || !messageOf(error).includes('in use')) throw error;
        await delay(50);
      }
    }
  }
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
      capacity: Number(/\bmaxelem (\d+)/.exec(header)?.[1] ?? 0),
      entries: Number(/^Number of entries: (\d+)$/m.exec(block)?.[1] ?? 0),
    });
  }
  return headers;
}

function isOurs(header: SetHeader, family: Family): boolean {
  const kind = header.type === 'hash:net' && header.family === familyName(family);
  return kind && header.timeouts && header.capacity >= capacity;
}

function createLine(name: string, family: Family): string {
  return `create -exist ${name} hash:net family ${familyName(family)} maxelem ${capacity} timeout 0`;
}

function familyName(family: Family): 'inet' | 'inet6' {
  return family === 4 ? 'inet' : 'inet6';
}
