import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { Machine, member } from './testbed/machine.ts';
import { createNetwork, type Network } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { programs, services } from './testbed/services/registry.ts';
import type { Client, Service } from './testbed/services/service.ts';
import { Workplace } from './testbed/workplace.ts';

const names = Object.keys(services);
/** Which of the network's addresses attack, and which are only clumsy; one for each service. */
const firstAttacker = 1;
const firstVisitor = 51;
const maxretry = 5;
const wrong = 'guess';
/** Seconds. Daemons let a wrong password wait, the longer the more there were; silence lasts for ever. */
const patience = 30;
const lastPatience = 12;
const shutOut = 2;

describe('real services with a jail each', { timeout: 300_000, skip: cannotRun(programs) }, () => {
  let workplace: Workplace;
  let network: Network;
  let running: ReadonlyMap<string, Service>;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    network = await createNetwork(workplace);
    const machine = await Machine.boot(workplace, network.host);
    running = await startAll(machine, network);
    bailiff = new Daemon(workplace, network.host, configurationFor([...running.values()]));
    await bailiff.start();
    await eventually('Bailiff reads every log', async () => {
      const { sources } = await bailiff.status();
      const reading = sources.filter(({ state }) => state === 'reading').map(({ id }) => id);
      return [...running.values()].every(({ log }) => reading.some((id) => id.endsWith(log)));
    });
  });
  after(() => workplace?.close());

  describe('attacked all at once', { concurrency: true }, () => {
    for (const [index, name] of names.entries()) {
      for (const family of [4, 6] as const) {
        const client = (n: number, seconds = patience) => clientOf(n + index, family, seconds);
        const service = () => running.get(name) as Service;

        it(`${name} over IPv${family}: who guesses ${maxretry} times gets no answer any more`, async () => {
          const attacker = client(firstAttacker);
          const guess = () => service().login(attacker, wrong);
          const first = await Promise.all(Array.from({ length: maxretry - 1 }, guess));
          assert.deepEqual(new Set(first), new Set(['refused']));
          assert.deepEqual(await jailsOf(attacker), [], 'not yet');
          // The ban may come before the answer.
          const last = service().login(client(firstAttacker, lastPatience), wrong);
          await eventually('the attacker is banned', async () => (await jailsOf(attacker)).length > 0);
          assert.equal(await service().login(client(firstAttacker, shutOut), member.password), 'silence');
          assert.notEqual(await last, 'in');
        });

        it(`${name} over IPv${family}: who mistypes twice is let in`, async () => {
          const visitor = client(firstVisitor);
          assert.equal(await service().login(visitor, wrong), 'refused');
          assert.equal(await service().login(visitor, wrong), 'refused');
          assert.equal(await service().login(visitor, member.password), 'in');
        });
      }
    }
  });

  it('`banned` lists each attacker in the jail of its service, and nobody else', async () => {
    const expected = names.flatMap((name, index) =>
      ([4, 6] as const).map((family) => {
        const { jail } = running.get(name) as Service;
        return `${bannedAs(clientOf(firstAttacker + index, family, patience))} ${jail}`;
      }),
    );
    const banned = (await bailiff.banned()).map(({ address, jail }) => `${address} ${jail}`);
    assert.deepEqual(banned.sort(), expected.sort());
  });

  const clientOf = (n: number, family: 4 | 6, seconds: number): Client => ({
    address: network.attacker(n, family),
    patience: seconds,
  });

  /** The jails that ban the client. */
  async function jailsOf(client: Client): Promise<string[]> {
    const wanted = bannedAs(client);
    return (await bailiff.bans()).filter(({ address }) => address === wanted).map(({ jail }) => jail);
  }
});

/** Whoever has an address of IPv6 has all of its /64. */
const bannedAs = ({ address }: Client): string => address.replace(/::1$/, '::/64');

/** All services at once, each one seen to let the member in over either family. */
async function startAll(machine: Machine, network: Network): Promise<ReadonlyMap<string, Service>> {
  const started = Object.entries(services).map(async ([name, start]) => {
    const service = await start(machine, network);
    for (const family of [4, 6] as const) {
      const client = { address: network.attacker(100, family), patience };
      await eventually(`${name} lets in over IPv${family}`, async () => {
        if (!service.process.isAlive()) throw new Error(service.process.output());
        return (await service.login(client, member.password)) === 'in';
      });
    }
    return [name, service] as const;
  });
  return new Map(await Promise.all(started));
}

/** As a user writes it. */
function configurationFor(all: readonly Service[]): Record<string, string> {
  const paths = all.map(({ jail, log }) => [
    `BAILIFF_JAIL_${jail.toUpperCase().replaceAll('-', '_')}_LOGPATH`,
    log,
  ]);
  return { BAILIFF_JAILS: all.map(({ jail }) => jail).join(','), ...Object.fromEntries(paths) };
}
