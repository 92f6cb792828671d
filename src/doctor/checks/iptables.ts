import { describeDocker } from '../../enforce/docker-chains.ts';
import { holdsDocker } from '../../enforce/iptables/rules.ts';
import type { Stack } from '../../enforce/iptables/variants.ts';
import { type Check, type Diagnosis, ok, warning } from '../check.ts';
import type { Machine } from '../machine.ts';

/** Which variants of iptables hold rules, and in which Docker's are. */
export const iptables: Check = {
  name: 'iptables',
  title: 'iptables and Docker',
  async examine(machine) {
    const [stacks, driver] = await Promise.all([machine.stacks(), driverOf(machine)]);
    const nftables = /^table ip6? docker-bridges$/m.test(await machine.nftTables());
    const docker = stacks
      .filter(({ tables }) => tables.some(({ rules }) => holdsDocker(rules)))
      .map(({ variant }) => variant);
    const unread = stacks.flatMap(unreadable);
    if (docker.length > 1) return [twice, ...unread];
    const used = stacks.filter(({ tables }) => tables.some(({ rules }) => rules.size > 0));
    const variants = used.map(({ variant }) => variant).join(' and ') || 'no variant';
    const seen = describeDocker({ iptables: docker, nftables }, driver);
    return [...unread, ...(unread.length > 0 ? [] : [ok(`rules in ${variants}; ${seen}`)])];
  },
};

const twice = warning(
  "both variants of iptables hold Docker's chains: every packet meets both, and what is changed in one leaves the other",
  'On the host: update-alternatives --set iptables /usr/sbin/iptables-nft; update-alternatives --set ip6tables ' +
    '/usr/sbin/ip6tables-nft; then reboot, which takes the rules of the other one away',
);

function unreadable({ tables }: Stack): Diagnosis[] {
  return tables.flatMap(({ variant, family, problem }) => {
    if (problem === null) return [];
    const program = `${family === 4 ? 'iptables' : 'ip6tables'}-${variant}-save`;
    return [warning(`the rules of IPv${family} in iptables-${variant} cannot be read: ${problem}`, program)];
  });
}

async function driverOf(machine: Machine): Promise<string | null> {
  const engine = await machine.docker();
  return engine === null || engine instanceof Error ? null : engine.info.firewallDriver;
}
