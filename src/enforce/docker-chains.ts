import { runCommand } from './command.ts';
import { holdsDocker } from './iptables/rules.ts';
import { type Variant, Variants } from './iptables/variants.ts';

/** Where Docker keeps its rules on this machine, as far as can be seen. */
export interface DockerChains {
  /** Variants of iptables that hold chains of Docker's. */
  readonly iptables: readonly Variant[];
  /** Docker's nftables backend has tables of its own (Docker 29: `ip docker-bridges`). */
  readonly nftables: boolean;
}

/** Reads rules and tables; changes and loads nothing. Never throws: what cannot be read is not seen. */
export async function findDockerChains(): Promise<DockerChains> {
  const [stacks, tables] = await Promise.all([
    new Variants().present().catch(() => []),
    runCommand('nft', ['list', 'tables']).catch(() => null),
  ]);
  const iptables = stacks
    .filter((stack) => stack.tables.some(({ rules }) => holdsDocker(rules)))
    .map(({ variant }) => variant);
  return { iptables, nftables: /^table ip6? docker-bridges$/m.test(tables?.output ?? '') };
}

/** One sentence of what was seen, for log and status. `driver` is what the engine says of itself, or null. */
export function describeDocker({ iptables, nftables }: DockerChains, driver: string | null): string {
  const places = [...iptables.map((variant) => `iptables-${variant}`), ...(nftables ? ['nftables'] : [])];
  const seen =
    places.length === 0 ? 'no rules of Docker seen' : `Docker's rules are in ${places.join(' and ')}`;
  return driver === null ? seen : `${seen}, its engine says ${driver}`;
}
