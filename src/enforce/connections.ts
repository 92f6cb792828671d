import { readFile } from 'node:fs/promises';
import { formatRange, parseRange } from '../core/address.ts';
import type { Address } from '../core/types.ts';
import { type CommandOptions, type CommandResult, runCommand } from './command.ts';
import { type Schedule, schedule } from './pace.ts';

/** From the end of a pass to the next one, in ms. */
const restMs = 5_000;
/** Each deletion goes through the whole table: 0.55 s at 200,000 entries. Beyond this it is left alone. */
const largestTable = 20_000;
/** Addresses a pass; where more come, the oldest are dropped. */
const passSize = 20;

export interface ConnectionsOptions {
  /** Said once, where it cannot be done here: the program is missing, or the right to use it. */
  readonly unavailable: (detail: string) => void;
  readonly run?: (file: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
  /** How many connections the kernel tracks; null where it does not say. */
  readonly readCount?: () => Promise<number | null>;
  readonly schedule?: Schedule;
}

/**
 * Makes the kernel forget the tracked connections of addresses that were just banned from all ports. The
 * rules drop their packets anyway; without an entry, nothing translates them for a container any longer
 * either. Best effort: it never throws, nobody waits for it, and it stays off where it cannot be done.
 */
export class Connections {
  readonly #unavailable: (detail: string) => void;
  readonly #run: NonNullable<ConnectionsOptions['run']>;
  readonly #readCount: () => Promise<number | null>;
  readonly #schedule: Schedule;
  readonly #stopping = new AbortController();
  /** The newest last. */
  readonly #pending = new Set<Address>();
  #resting = false;
  #cancel: () => void = () => undefined;
  #off = false;

  constructor(options: ConnectionsOptions) {
    this.#unavailable = options.unavailable;
    this.#run = options.run ?? runCommand;
    this.#readCount = options.readCount ?? readTracked;
    this.#schedule = options.schedule ?? schedule;
  }

  /** These addresses have been banned from all ports, and the kernel has it. */
  ended(addresses: readonly Address[]): void {
    if (this.#off) return;
    for (const address of addresses.slice(-passSize)) {
      this.#pending.delete(address);
      this.#pending.add(address);
    }
    for (const address of [...this.#pending].slice(0, -passSize)) this.#pending.delete(address);
    if (!this.#resting) void this.#pass();
  }

  /** Ends a pass under way, and all that would come. */
  stop(): void {
    this.#off = true;
    this.#pending.clear();
    this.#cancel();
    this.#stopping.abort();
  }

  async #pass(): Promise<void> {
    this.#resting = true;
    const addresses = [...this.#pending].reverse();
    this.#pending.clear();
    try {
      const count = await this.#readCount();
      if (count !== null && count > 0 && count <= largestTable) await this.#forget(addresses);
    } catch {
      // What goes wrong here costs nothing but an entry that ends by itself.
    }
    if (this.#off) return;
    this.#cancel = this.#schedule(() => {
      this.#resting = false;
      if (this.#pending.size > 0) void this.#pass();
    }, restMs);
  }

  async #forget(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) {
      const args = deletionOf(address);
      if (args === null || this.#off) continue;
      const result = await this.#run('conntrack', args, { signal: this.#stopping.signal });
      const problem = problemOf(result);
      if (problem === null || this.#off) continue;
      this.#off = true;
      this.#pending.clear();
      this.#unavailable(problem);
    }
  }
}

/** The arguments that delete what an address began. This is the privileged edge: it is read and written anew. */
function deletionOf(address: Address): string[] | null {
  const range = parseRange(address);
  if (range === null || range.bits === 0) return null;
  return ['-D', '-f', range.family === 4 ? 'ipv4' : 'ipv6', '-s', formatRange(range)];
}

/** Why it will never work here; null where it worked (also with exit code 1 for "0 deleted") or may the next time. */
function problemOf({ ok, missing, complaint }: CommandResult): string | null {
  if (missing)
    return 'conntrack is not installed; apt-get install conntrack (or use the image, which has it)';
  if (ok || !/CAP_NET_ADMIN|not permitted|permission denied|not supported/i.test(complaint)) return null;
  return `no right to delete connections (${complaint}); run as root with the capability NET_ADMIN`;
}

async function readTracked(): Promise<number | null> {
  const text = await readFile('/proc/sys/net/netfilter/nf_conntrack_count', 'utf8').catch(() => '');
  return /^\d+$/.test(text.trim()) ? Number(text) : null;
}
