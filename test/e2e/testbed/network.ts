import { inside, run } from './command.ts';
import type { Workplace } from './workplace.ts';

/**
 * Two network namespaces joined by a veth pair: the Docker host, and the internet behind its gateway.
 * Attackers have addresses behind the gateway, as real ones do: in IPv6 each in a /64 of its own.
 */
export interface Network {
  /** Namespace of the Docker host. */
  readonly host: string;
  /** Namespace of the attackers. */
  readonly internet: string;
  readonly hostAddress: Record<4 | 6, string>;
  /** The nth attacker's address, n from 1 to `attackers`. */
  attacker(n: number, family?: 4 | 6): string;
}

const attackers = 100;
const attacker = (n: number, family: 4 | 6 = 4) =>
  family === 4 ? `198.18.100.${n}` : `2001:db8:100:${n.toString(16)}::1`;

export async function createNetwork(workplace: Workplace): Promise<Network> {
  const host = await workplace.addNamespace('host');
  const internet = await workplace.addNamespace('internet');
  for (const namespace of [host, internet]) await skipAddressDetection(namespace);
  await batch(host, [
    `link add outside type veth peer name inside netns ${internet}`,
    'address add 198.18.0.1/24 dev outside',
    'address add 2001:db8::1/64 dev outside nodad',
    'link set outside up',
  ]);
  await batch(internet, [
    'address add 198.18.0.2/24 dev inside',
    'address add 2001:db8::2/64 dev inside nodad',
    'link set inside up',
    ...Array.from({ length: attackers }, (_, index) => `address add ${attacker(index + 1)}/32 dev lo`),
    ...Array.from(
      { length: attackers },
      (_, index) => `address add ${attacker(index + 1, 6)}/128 dev lo nodad`,
    ),
    // The addresses of containers, as seen over IPv6.
    'route add default via 2001:db8::1',
  ]);
  await batch(host, ['route add default via 198.18.0.2', '-6 route add default via 2001:db8::2']);
  return { host, internet, hostAddress: { 4: '198.18.0.1', 6: '2001:db8::1' }, attacker };
}

/** Else nobody is reached over IPv6 for the first two seconds, while the links look for somebody with their address. */
async function skipAddressDetection(namespace: string): Promise<void> {
  const script = 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad';
  await run(...inside(namespace, 'sh', ['-c', script]));
}

async function batch(namespace: string, commands: readonly string[]): Promise<void> {
  const input = `${commands.filter((command) => !command.startsWith('-6')).join('\n')}\n`;
  await run(...inside(namespace, 'ip', ['-batch', '-']), { input });
  for (const command of commands) {
    if (command.startsWith('-6')) await run(...inside(namespace, 'ip', command.split(' ')));
  }
}
