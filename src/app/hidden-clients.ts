import type { Finding } from '../control/protocol.ts';
import type { Protection } from '../core/allowlist.ts';
import type { Address } from '../core/types.ts';
import { hidingOf } from './hiding.ts';

/** Attempts that are remembered of a jail and a source; then old ones count for less, so that what was put right is. */
const mostRemembered = 100;
/** From this share of attempts on, behind which nobody is known, it is worth telling. */
const noticeable = 0.1;

interface Tally {
  hidden: number;
  named: number;
  /** What stood in place of the client last. */
  address: Address;
  protection: Protection;
}

/**
 * Whether one source's log names clients at all. A service behind a proxy that does not know of it logs the proxy's address for
 * everybody's: nothing can be banned then, and nothing else would tell.
 */
export class HiddenClients {
  readonly #source: string;
  /** By jail. */
  readonly #tallies = new Map<string, Tally>();

  constructor(source: string) {
    this.#source = source;
  }

  /** An attempt whose address is never banned. */
  protectedHit(jail: string, address: Address, protection: Protection): void {
    if (hidingOf(this.#source, protection) === null) {
      this.namedHit(jail);
      return;
    }
    const tally = this.#tallies.get(jail) ?? { hidden: 0, named: 0, address, protection };
    tally.hidden++;
    this.#tallies.set(jail, fading({ ...tally, address, protection }));
  }

  /** An attempt of somebody who may be banned. */
  namedHit(jail: string): void {
    const tally = this.#tallies.get(jail);
    if (tally !== undefined) this.#tallies.set(jail, fading({ ...tally, named: tally.named + 1 }));
  }

  findings(): Finding[] {
    return [...this.#tallies].flatMap(([jail, { hidden, named, address, protection }]) => {
      const hiding = hidingOf(this.#source, protection);
      if (hiding === null || hidden < hiding.least) return [];
      if (hiding.alone ? named >= 1 : hidden < noticeable * (hidden + named)) return [];
      const text =
        `source masked: the log names ${address}, ${protection.reason}, instead of the client, ` +
        'so that nobody can be banned for it';
      return [{ id: 'client-hidden', jail, source: this.#source, text, ...hiding.advice }];
    });
  }
}

/** Findings of one source in a line each; those that are the same for several jails in one. */
export function describeFindings(findings: readonly Finding[]): string[] {
  return [...Map.groupBy(findings, ({ text }) => text)].map(([text, same]) => {
    const jails = same.map(({ jail }) => jail).join(', ');
    const [{ remedies, page } = { remedies: [], page: '' }] = same;
    const named = remedies.map(({ behind }) => behind);
    const places = `${named.slice(0, -1).join(', ')} or ${named.at(-1) ?? ''}`;
    return `${text} (${jails}); ${page} says how to have the client logged behind ${places}`;
  });
}

function fading(tally: Tally): Tally {
  const { hidden, named } = tally;
  return hidden + named < mostRemembered ? tally : { ...tally, hidden: hidden / 2, named: named / 2 };
}
