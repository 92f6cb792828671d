/**
 * Runs the product's enforcement inside the namespace it is started in, told by lines of JSON on stdin:
 * [verb, ...arguments]; it answers each with one line, {"value": …} or {"error": …}.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.ts';
import { systemClock } from '../../src/core/types.ts';
import type { Change } from '../../src/enforce/backend.ts';
import { type BackendWish, chooseBackend } from '../../src/enforce/choose.ts';
import { Enforcer } from '../../src/enforce/enforcer.ts';
import { IptablesBackend } from '../../src/enforce/iptables.ts';

// Only a whole machine can be without IPv6, so a test that wants one says so.
const backend = new IptablesBackend(
  process.env['NO_IPV6'] === undefined ? {} : { hasIpv6: () => Promise.resolve(false) },
);
const desired = new Map<string, number | null>();
const events: string[] = [];
const enforcer = new Enforcer({
  backend,
  clock: systemClock,
  desired: () => desired,
  protectedReason: (address) => (address === '198.18.99.99' ? 'own address' : null),
  events: {
    applied: (adds, deletes) => void events.push(`applied ${adds} ${deletes}`),
    failed: (error) => void events.push(`failed ${messageOf(error)}`),
    repaired: (what) => void events.push(`repaired ${what}`),
    refused: (address, reason) => void events.push(`refused ${address} ${reason}`),
  },
  // The tests reconcile when they want it.
  schedule: () => () => undefined,
});

const verbs: Readonly<Record<string, (...args: never[]) => unknown>> = {
  probe: () => backend.probe(new AbortController().signal),
  choose: async (wish: BackendWish) => {
    const chosen = await chooseBackend(wish, { clock: systemClock, signal: new AbortController().signal });
    await chosen.backend.close();
    return { ...chosen, backend: chosen.backend.name };
  },
  install: () => backend.install(),
  list: () => backend.list(),
  count: () => backend.count(),
  apply: (changes: Change[]) => backend.apply(changes),
  uninstall: () => backend.uninstall(),
  childPid: () => backend.childPid,
  start: () => enforcer.start(),
  reconcile: () => enforcer.reconcile(),
  status: () => enforcer.status(),
  ban: async (addresses: string[], seconds: number | null) => {
    for (const address of addresses) {
      desired.set(address, seconds === null ? null : systemClock.now() + seconds);
    }
    await Promise.all(addresses.map((address) => enforcer.changed(address)));
  },
  unban: async (addresses: string[]) => {
    for (const address of addresses) desired.delete(address);
    await Promise.all(addresses.map((address) => enforcer.changed(address)));
  },
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
  teardown: () => enforcer.teardown(),
  listen: () =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.on('error', () => undefined).end());
      server.listen(0, '::', () => resolve((server.address() as { port: number }).port));
    }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...args] = JSON.parse(line) as [string, ...never[]];
  let answer: object;
  try {
    answer = { value: (await verbs[verb]?.(...args)) ?? null };
  } catch (error) {
    answer = { error: messageOf(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
