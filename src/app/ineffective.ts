import { plainPolicy } from '../core/policy.ts';
import type { Ban, Clock } from '../core/types.ts';

/** Lines of packets that came before the ban are written and read for some seconds after it. */
const grace = 10;
/** So many hits after that show that the ban does not keep its address out. */
const tooMany = 3;
/** Bans that are watched at a time: whoever is let through may have many addresses. */
const mostWatched = 1_000;
const mostShown = 5;

interface Watched {
  readonly ban: Ban;
  readonly source: string;
  hits: number;
}

/**
 * Bans that hold in the kernel and yet keep nobody out: their addresses go on producing hits, since the
 * packets come from another one (a proxy), or by a way that this host's filter does not see.
 */
export class Ineffective {
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  readonly #said: (message: string) => void;

  /** `said` is called once for each such ban. */
  constructor(clock: Clock, said: (message: string) => void) {
    this.#clock = clock;
    this.#said = said;
  }

  /** A line of `time` names an address that is banned. */
  hit(ban: Ban, source: string, time: number): void {
    if (ban.policy.startsWith('log')) return;
    if (Math.min(time, this.#clock.now()) < ban.since + grace) return;
    const key = keyOf(ban);
    const known = this.#watched.get(key);
    if (known === undefined && this.#watched.size >= mostWatched) return;
    const watched = known?.ban.since === ban.since ? known : { ban, source, hits: 0 };
    watched.hits += 1;
    this.#watched.set(key, watched);
    if (watched.hits === tooMany) this.#said(describe(watched));
  }

  ended(ban: Ban): void {
    this.#watched.delete(keyOf(ban));
  }

  get count(): number {
    return this.#ineffective().length;
  }

  /** One sentence each, the rest counted. */
  warnings(): string[] {
    const all = this.#ineffective();
    const rest = all.length - mostShown;
    return [
      ...all.slice(0, mostShown).map(describe),
      ...(rest > 0 ? [`${rest} more bans keep nobody out`] : []),
    ];
  }

  #ineffective(): Watched[] {
    return [...this.#watched.values()].filter(({ hits }) => hits >= tooMany);
  }
}

const keyOf = ({ jail, address }: Ban): string => `${jail}\n${address}`;

function describe({ ban, source, hits }: Watched): string {
  return `${ban.address} is banned by ${ban.jail} and yet ${source} shows ${hits} more hits: ${likelyCause(ban, source)}`;
}

function likelyCause({ policy }: Ban, source: string): string {
  if (policy !== plainPolicy && policy.includes(' ')) {
    return `its ban shuts only some ports (${policy}); set the jail's ports to all, or add the port it comes by (of a jail of labels: label-ports)`;
  }
  if (source.startsWith('docker:')) {
    return (
      'its packets come from another address, such as a reverse proxy, a CDN or Swarm ingress in front of the ' +
      'container (ban there, or by HTTP: docs/behind-a-proxy.md), or by a network this host does not filter (macvlan)'
    );
  }
  return (
    'its packets come from another address, such as a proxy or a CDN in front of the service (ban there: docs/behind-a-proxy.md), ' +
    'or by an interface this host does not filter'
  );
}
