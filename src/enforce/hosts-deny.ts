import { formatRange } from '../core/address.ts';
import { BailiffError } from '../core/errors.ts';
import { plainPolicy } from '../core/policy.ts';
import type { Address, Clock } from '../core/types.ts';
import type { Backend, Change, Element, Hook, Probe } from './backend.ts';
import { requireRange } from './edge.ts';
import {
  composeHostsDeny,
  denyLine,
  type HostsDeny,
  parseHostsDeny,
  withChanges,
} from './hosts-deny/block.ts';
import { largestFile, ManagedFile, type ManagedFileOptions } from './hosts-deny/managed-file.ts';
import { mountedFile, type Surroundings, surroundings } from './hosts-deny/mount.ts';
import { probeHostsDeny } from './hosts-deny/probe.ts';
import { Terms } from './hosts-deny/terms.ts';
import { hasCode, inOneLine } from './hosts-deny/thrown.ts';
import { Lane } from './lane.ts';

export interface HostsDenyOptions extends ManagedFileOptions {
  readonly clock: Clock;
  readonly path?: string;
  readonly surroundings?: Surroundings;
}

/**
 * TCP wrappers: a block of our own in /etc/hosts.deny, one line a banned address. They know no ports and
 * nothing but denial, so that every policy denies everything, and `log` nothing. Only programs linked with
 * libwrap heed it, at their next connection; bans in it do not end by themselves while Bailiff is dead.
 */
export class HostsDenyBackend implements Backend {
  readonly name = 'hosts-deny';
  readonly strength = 'partial';
  readonly #clock: Clock;
  readonly #file: ManagedFile;
  readonly #surroundings: Surroundings;
  readonly #lane = new Lane();
  readonly #terms = new Terms();
  /** The last text taken apart or put together: while nobody else writes, the next one read is the same. */
  #last: Parsed | null = null;
  /** The host's file behind ours, as first seen; null where ours is no mount. */
  #mounted: string | null | undefined;

  constructor(options: HostsDenyOptions) {
    this.#clock = options.clock;
    this.#file = new ManagedFile(options.path ?? '/etc/hosts.deny', options);
    this.#surroundings = options.surroundings ?? surroundings;
  }

  probe(): Promise<Probe> {
    return probeHostsDeny(this.#file, this.#surroundings);
  }

  /** Puts the block in order and takes out bans that are over. It asks for no policies: they are all alike here. */
  install(): Promise<readonly Hook[]> {
    return this.#lane.run(async () => {
      const found = await this.#repair().catch((error: unknown): Finding => ({ problem: inOneLine(error) }));
      const ok = found.problem === undefined;
      return ([4, 6] as const).map((family) => ({ name: 'hosts.deny', family, ok, ...found }));
    });
  }

  /** What stands in the file, by the policies that want it there; a line that none wants has 0 seconds remaining. */
  async list(): Promise<readonly Element[]> {
    const { hosts } = await this.#parse(await this.#file.read());
    const now = this.#clock.now();
    const elements = [...this.#terms.trials(now)];
    for (const address of hosts.entries.keys()) {
      const others = elements.length;
      for (const element of this.#terms.denials(address, now)) elements.push(element);
      if (elements.length === others) elements.push({ address, policy: plainPolicy, remaining: 0 });
    }
    return elements;
  }

  async count(): Promise<number> {
    return (await this.list()).length;
  }

  apply(changes: readonly Change[]): Promise<void> {
    return this.#lane.run(async () => {
      const now = this.#clock.now();
      const touched = new Map<Address, string>();
      let refusal: unknown = null;
      for (const change of changes) {
        try {
          const range = requireRange(change.address);
          touched.set(formatRange(range), denyLine(range));
          this.#terms.change(formatRange(range), change, now);
        } catch (error) {
          refusal = error;
        }
      }
      const excess = await this.#bring(touched, this.#terms.end(now));
      if (refusal !== null) throw refusal;
      if (excess > 0) throw tooMany(excess);
    });
  }

  uninstall(): Promise<boolean> {
    return this.#lane.run(async () => {
      this.#terms.clear();
      let stood = false;
      try {
        await this.#file.edit(async (text) => {
          const { before, after, standing } = (await this.#parse(text)).hosts;
          stood = standing;
          return before + after;
        });
      } catch (error) {
        // A file that is gone holds nothing of ours.
        if (!(error instanceof BailiffError && hasCode(error.cause, 'ENOENT'))) throw error;
      }
      return stood;
    });
  }

  async close(): Promise<void> {
    await this.#lane.idle();
  }

  /** Brings the lines of these addresses, as the terms want them. @returns how many found no room */
  async #bring(touched: ReadonlyMap<Address, string>, ended: readonly Address[]): Promise<number> {
    const lines = [...touched];
    const added = lines.filter(([address]) => this.#terms.denies(address));
    const removed = lines.map(([address]) => address).filter((address) => !this.#terms.denies(address));
    let excess = 0;
    await this.#file.edit(async (text) => {
      const { hosts } = await this.#parse(text);
      const made = withChanges(hosts, [...removed, ...ended], added, largestFile);
      excess = made.excess;
      return made.hosts === hosts ? text : this.#compose(made.hosts);
    });
    return excess;
  }

  async #repair(): Promise<Finding> {
    const ended = this.#terms.end(this.#clock.now());
    let made = false;
    await this.#file.edit(async (text) => {
      const { hosts, intact } = await this.#parse(text);
      made = !intact;
      const wanted = withChanges(hosts, ended, [], largestFile).hosts;
      return intact && wanted === hosts ? text : this.#compose(wanted);
    });
    const { intact } = await this.#parse(await this.#file.read());
    const problem = intact ? await this.#mountProblem() : 'it does not read back as it was written';
    return { ...(problem === null ? {} : { problem }), ...(made ? { repaired: 'made' } : {}) };
  }

  /** An editor on the host that replaces the file parts it from the one that is mounted here. */
  async #mountProblem(): Promise<string | null> {
    if (this.#mounted === null) return null;
    const mounted = await mountedFile(this.#file.path, this.#surroundings);
    this.#mounted ??= mounted;
    if (mounted === this.#mounted && mounted?.endsWith('//deleted') !== true) return null;
    return `the host's ${this.#file.path} was replaced, and the old one is still mounted here; start the container anew`;
  }

  async #parse(text: string): Promise<Parsed> {
    if (this.#last?.text === text) return this.#last;
    const known = new Map<string, Address>();
    for (const [address, line] of this.#last?.hosts.entries ?? []) known.set(line, address);
    const hosts = await parseHostsDeny(text, known);
    this.#last = { text, hosts, intact: hosts.standing && composeHostsDeny(hosts) === text };
    return this.#last;
  }

  #compose(hosts: HostsDeny): string {
    const text = composeHostsDeny(hosts);
    this.#last = { text, hosts: { ...hosts, standing: true }, intact: true };
    return text;
  }
}

interface Parsed {
  readonly text: string;
  readonly hosts: HostsDeny;
  /** Whether our block is there, just as we would write it. */
  readonly intact: boolean;
}

/** What `install` has to say of the file, for both families. */
type Finding = Pick<Hook, 'problem' | 'repaired'>;

function tooMany(excess: number): BailiffError {
  const message = `hosts.deny has no room for ${excess} more bans: it would be larger than 10 MB`;
  return new BailiffError('enforcement-failed', message, {
    remedy: 'Use the iptables or nftables backend, or shorter bans.',
  });
}
