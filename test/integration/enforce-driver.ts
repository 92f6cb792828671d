/** Runs the product's enforcement inside the namespace it is started in. BACKEND names the packet filter. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.ts';
import { type Policy, type PortRange, plainPolicy, ruleOf, targetOf } from '../../src/core/policy.ts';
import { systemClock } from '../../src/core/types.ts';
import type { Backend, Change } from '../../src/enforce/backend.ts';
import { type BackendWish, chooseBackend } from '../../src/enforce/choose.ts';
import { Enforcer } from '../../src/enforce/enforcer.ts';
import { IptablesBackend } from '../../src/enforce/iptables.ts';
import { NftablesBackend } from '../../src/enforce/nftables.ts';
import { removeAll } from '../../src/enforce/teardown.ts';
import { serveLines } from './lines.ts';

// Only a whole machine can be without IPv6, so a test that wants one says so.
const without = process.env['NO_IPV6'] === undefined ? {} : { hasIpv6: () => Promise.resolve(false) };
const capacity = process.env['CAPACITY'] === undefined ? {} : { capacity: Number(process.env['CAPACITY']) };
const iptables = new IptablesBackend({ ...without, ...capacity });
const room = process.env['CAPACITY'] === undefined ? {} : { room: Number(process.env['CAPACITY']) };
const backend: Backend =
  process.env['BACKEND'] === 'nftables' ? new NftablesBackend({ ...without, ...room }) : iptables;
const desired = new Map<string, number | null>();
/** When each of them began, in seconds since the epoch. */
const begun = new Map<string, number>();
const policies = new Set<Policy>([plainPolicy]);
const published = new Map<string, readonly PortRange[]>();
const events: string[] = [];
const enforcer = new Enforcer({
  backend,
  clock: systemClock,
  desired: () => desired,
  policies: () => rules(),
  protectedReason: (target) => (target === '198.18.99.99' ? 'own address' : null),
  events: {
    applied: (adds, deletes) => void events.push(`applied ${adds} ${deletes}`),
    failed: (error) => void events.push(`failed ${messageOf(error)}`),
    repaired: (what) => void events.push(`repaired ${what}`),
    refused: (address, reason) => void events.push(`refused ${address} ${reason}`),
  },
  // The tests reconcile when they want it.
  schedule: () => () => undefined,
});

function rules() {
  return [...policies].sort().map((policy) => ruleOf(policy, (jail) => published.get(jail) ?? null));
}

async function change(addresses: readonly string[], policy: Policy, until: number | null | undefined) {
  policies.add(policy);
  const targets = addresses.map((address) => targetOf(address, policy));
  for (const target of targets) {
    if (until === undefined) desired.delete(target);
    else {
      if (!desired.has(target)) begun.set(target, systemClock.now());
      desired.set(target, until);
    }
  }
  await Promise.all(targets.map((target) => enforcer.changed(target)));
}

const verbs: Readonly<Record<string, (...args: never[]) => unknown>> = {
  probe: () => backend.probe(new AbortController().signal),
  choose: async (wish: BackendWish, driver: string | null = null) => {
    const signal = new AbortController().signal;
    const chosen = await chooseBackend(wish, {
      clock: systemClock,
      signal,
      dockerFirewall: async () => driver,
    });
    await chosen.backend.close();
    return { ...chosen, backend: chosen.backend.name };
  },
  install: () => backend.install(rules()),
  list: () => backend.list(),
  count: () => backend.count?.(),
  /** Of bans that began at `since`, or as they did here. */
  taken: (addresses: string[], policy: Policy = plainPolicy, since?: number) =>
    backend.taken?.(
      addresses.map((address) => {
        const began = since ?? begun.get(targetOf(address, policy)) ?? 0;
        return { address, policy, since: began };
      }),
    ),
  apply: (changes: (Change & { policy?: Policy })[]) =>
    backend.apply(changes.map((each) => ({ ...each, policy: each.policy ?? plainPolicy }))),
  uninstall: () => backend.uninstall(),
  childPid: () => iptables.childPid,
  start: () => enforcer.start(),
  reconcile: () => enforcer.reconcile(),
  status: () => enforcer.status(),
  /** The policies that have sets, also without a ban. */
  policies: (wanted: Policy[]) => {
    policies.clear();
    for (const policy of [plainPolicy, ...wanted]) policies.add(policy);
  },
  publish: (jail: string, ports: PortRange[]) => void published.set(jail, ports),
  ban: (addresses: string[], seconds: number | null, policy: Policy = plainPolicy) =>
    change(addresses, policy, seconds === null ? null : systemClock.now() + seconds),
  unban: (addresses: string[], policy: Policy = plainPolicy) => change(addresses, policy, undefined),
  /** Single bans, one after another, while reconciliations follow each other without a pause. @returns ms of each, and of each reconciliation */
  banBeside: async (addresses: string[], seconds: number) => {
    const took: { bans: number[]; reconciliations: number[] } = { bans: [], reconciliations: [] };
    let over = false;
    const reconciling = (async () => {
      while (!over) took.reconciliations.push((await enforcer.reconcile()).seconds * 1000);
    })();
    for (const address of addresses) {
      desired.set(address, systemClock.now() + seconds);
      const started = performance.now();
      await enforcer.changed(address);
      took.bans.push(performance.now() - started);
      await pause(5);
    }
    over = true;
    await reconciling;
    return took;
  },
  events: () => events.splice(0),
  end: () => enforcer.end(),
  removeAll: () => removeAll({ clock: systemClock }),
  /** A TCP echo. @returns its port */
  listen: (port = 0) =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
      server.once('error', reject);
      server.listen(port, '::', () => resolve((server.address() as { port: number }).port));
    }),
  /** A UDP echo. @returns its port */
  listenUdp: (port = 0) =>
    new Promise((resolve, reject) => {
      const socket = createSocket('udp6');
      socket.once('error', reject);
      socket.on('message', (message, peer) => socket.send(message, peer.port, peer.address));
      socket.bind(port, '::', () => resolve(socket.address().port));
    }),
};

await serveLines(verbs);
