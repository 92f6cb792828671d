import { type Engine, ipv6Flags } from './engine.ts';
import { startEngine } from './images.ts';
import { createNetwork, type Network } from './network.ts';
import { Workplace } from './workplace.ts';

/** A Docker host on its own network, and an internet full of attackers. */
export interface Testbed {
  readonly workplace: Workplace;
  readonly network: Network;
  /** The host's engine; only where it was asked for. */
  readonly engine: Engine;
  close(): Promise<void>;
}

/** The port on which the host itself (no container) answers HTTP, in both families. */
export const hostPort = 8022;

export interface TestbedOptions {
  /** Whether containers have IPv6; without, docker-proxy stands between IPv6 clients and them. */
  readonly ipv6?: boolean;
}

/** A Docker host with a real engine. Close it in `after`; a run that dies is cleaned up by the next. */
export async function openTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const workplace = await Workplace.open();
  try {
    const network = await openNetwork(workplace);
    const engine = await startEngine(workplace, options.ipv6 === false ? [] : ipv6Flags, network.host);
    const close = async () => {
      await engine.stop().catch(() => undefined);
      await workplace.close();
    };
    return { workplace, network, engine, close };
  } catch (error) {
    await workplace.close();
    throw error;
  }
}

/** The network alone, with something that answers on the host's own port. */
export async function openNetwork(workplace: Workplace): Promise<Network> {
  const network = await createNetwork(workplace);
  const server = `require('node:http').createServer((_, response) => response.end('host')).listen(${hostPort}, '::')`;
  workplace.start('host-port', process.execPath, ['--eval', server], { namespace: network.host });
  return network;
}
