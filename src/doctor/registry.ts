import type { Check } from './check.ts';
import { bans } from './checks/bans.ts';
import { capabilities } from './checks/capabilities.ts';
import { clientAddresses } from './checks/client-addresses.ts';
import { clock } from './checks/clock.ts';
import { configuration } from './checks/configuration.ts';
import { daemon } from './checks/daemon.ts';
import { docker } from './checks/docker.ts';
import { hooks } from './checks/hooks.ts';
import { iptables } from './checks/iptables.ts';
import { ipv6 } from './checks/ipv6.ts';
import { labels } from './checks/labels.ts';
import { packetFilter } from './checks/packet-filter.ts';
import { rivalsAtWork } from './checks/rivals.ts';
import { sources } from './checks/sources.ts';
import { sshd } from './checks/sshd.ts';
import { storage } from './checks/storage.ts';
import { tcpWrappers } from './checks/tcp-wrappers.ts';

/** Every check, in the order in which it is told where all are equally well. */
export const checks: readonly Check[] = [
  daemon,
  configuration,
  capabilities,
  packetFilter,
  iptables,
  docker,
  hooks,
  bans,
  ipv6,
  sources,
  clientAddresses,
  labels,
  clock,
  storage,
  rivalsAtWork,
  sshd,
  tcpWrappers,
];
