import { isOfLabels } from '../core/label-jail.ts';
import {
  normalizePorts,
  type Policy,
  type PolicyRule,
  type PortRange,
  plainPolicy,
  ruleOf,
  unenforced,
} from '../core/policy.ts';

export interface PoliciesParts {
  /** Of the jails that exist. */
  readonly jails: () => Iterable<Policy>;
  /** Of the bans that stand. */
  readonly bans: () => Iterable<Policy>;
}

interface Publishing {
  readonly jails: readonly string[];
  readonly ports: readonly PortRange[];
  /** Of containers that may pass clients on to it. */
  readonly through: readonly PortRange[];
}

/** Jails that are remembered: whoever starts containers may name many. */
const mostTold = 10_000;

/** What policies there are, and the ports that `published` means now. */
export class Policies {
  readonly #parts: PoliciesParts;
  /** By container. */
  readonly #published = new Map<string, Publishing>();
  /** Jails of containers that the engine has told of since the start, the newest of them. */
  readonly #told = new Set<string>();

  constructor(parts: PoliciesParts) {
    this.#parts = parts;
  }

  /**
   * The ports on which a container that these jails read can be reached, and those of others through which it can;
   * without jails it is forgotten.
   * @returns whether that is news
   */
  publishes(
    container: string,
    jails: readonly string[],
    ports: readonly PortRange[],
    through: readonly PortRange[],
  ): boolean {
    const before = JSON.stringify(this.#published.get(container));
    this.#remember(jails);
    if (jails.length === 0) this.#published.delete(container);
    else this.#published.set(container, { jails, ports, through });
    return JSON.stringify(this.#published.get(container)) !== before;
  }

  #remember(jails: readonly string[]): void {
    for (const jail of jails) {
      this.#told.delete(jail);
      this.#told.add(jail);
    }
    for (const oldest of this.#told) {
      if (this.#told.size <= mostTold) break;
      this.#told.delete(oldest);
    }
  }

  /**
   * The ports that the containers of a jail publish; null where none does, or none is known yet. A container's labels
   * must not reach beyond it: where it publishes none, theirs are those through which it is reached, or none at all. Until
   * the engine has told of it after a start all are shut, so that a restart lets nobody in.
   */
  publishedBy(jail: string): readonly PortRange[] | null {
    const containers = [...this.#published.values()].filter(({ jails }) => jails.includes(jail));
    const ports = containers.flatMap((each) => each.ports);
    if (ports.length > 0) return normalizePorts(ports);
    const isKnown = isOfLabels(jail) && this.#told.has(jail);
    return isKnown ? normalizePorts(containers.flatMap(({ through }) => through)) : null;
  }

  /** Every policy that has sets in the kernel, the plain one always. */
  rules(): PolicyRule[] {
    const policies = new Set([plainPolicy, ...this.#parts.jails(), ...this.#parts.bans()]);
    policies.delete(unenforced);
    return [...policies].sort().map((policy) => ruleOf(policy, (jail) => this.publishedBy(jail)));
  }
}
