import { Resolver } from 'node:dns/promises';
import { canonicalAddress } from '../core/address.ts';

/** How long an answer holds, and that there is none, in seconds; fail2ban's figure. */
const lifetime = 300;
const mostNames = 1_000;
/** Names that are being looked up; of more, nothing is asked: clients choose them. */
const mostWaiting = 100;
const longestName = 253;
/** With a dot, and no number at its end: what looks like one is an address to some resolvers, `010.0.0.1` among them. */
const nameForm = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}[\p{L}\p{N}-]*\.?$/u;
/** How long one server may take, in ms, and how often it is asked. */
const patience = { timeout: 2_000, tries: 2 };

export interface HostNamesParts {
  /** Seconds; never set back. */
  readonly now: () => number;
  readonly addresses?: (name: string) => Promise<readonly string[]>;
}

/** Addresses of the host names that logs hold in their place. */
export class HostNames {
  readonly #parts: HostNamesParts;
  readonly #known = new Map<string, { readonly until: number; readonly addresses: readonly string[] }>();
  readonly #waiting = new Map<string, Promise<readonly string[]>>();

  constructor(parts: HostNamesParts) {
    this.#parts = parts;
  }

  /** Canonical ones; none where the text is no name that DNS could know. Never rejects. */
  addresses(text: string): Promise<readonly string[]> {
    const name = text.toLowerCase();
    // One word alone is an id that some filter counts, not a host out there.
    if (name.length > longestName || !nameForm.test(name)) return nobody;
    const known = this.#known.get(name);
    if (known !== undefined && known.until > this.#parts.now()) return Promise.resolve(known.addresses);
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) return waiting;
    if (this.#waiting.size >= mostWaiting) return nobody;
    const asked = this.#ask(name);
    this.#waiting.set(name, asked);
    return asked;
  }

  async #ask(name: string): Promise<readonly string[]> {
    const { addresses = askedFor, now } = this.#parts;
    const found = await addresses(name).catch(() => []);
    const canonical = [...new Set(found.flatMap((address) => canonicalAddress(address) ?? []))];
    this.#waiting.delete(name);
    this.#known.delete(name);
    this.#known.set(name, { until: now() + lifetime, addresses: canonical });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostNames && oldest !== undefined) this.#known.delete(oldest);
    return canonical;
  }
}

/** By DNS alone: the machine's own way takes one of few threads for as long as an attacker's server likes. */
async function askedFor(name: string): Promise<readonly string[]> {
  const resolver = new Resolver(patience);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

const nobody: Promise<readonly string[]> = Promise.resolve([]);
