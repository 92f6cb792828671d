import type { Readable } from 'node:stream';
import { BailiffError, messageOf } from '../core/errors.ts';

/** A container as the sources need it, read out of Docker's answers and checked. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
}

export interface ContainerDetails extends Container {
  readonly tty: boolean;
  readonly logDriver: string;
}

export interface NetworkRange {
  readonly network: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly ipv6: boolean;
}

export interface DockerEvent {
  readonly type: string;
  readonly action: string;
  readonly id: string;
}

/** What Bailiff asks of Docker. GET requests only, so that a read-only socket proxy is enough. */
export interface DockerClient {
  /** @throws BailiffError docker-unreachable, as every method does */
  containers(): Promise<readonly Container[]>;
  inspect(id: string): Promise<ContainerDetails>;
  networks(): Promise<readonly NetworkRange[]>;
  /** Events from `since` (seconds) on, until the signal aborts or Docker ends the stream. */
  events(since: number, signal: AbortSignal): AsyncIterable<DockerEvent>;
  /** The log from `since` on (`seconds.nanoseconds`, inclusive), with timestamps, followed. */
  logs(id: string, since: string, signal: AbortSignal): Promise<Readable>;
}

type Json = Readonly<Record<string, unknown>>;

/** Longest event accepted: Docker's are under a few KiB; labels can make them longer. */
const longestEvent = 1_048_576;

/** A client of the API on a unix socket. dockerode is loaded here and only when asked for. */
export async function connectDocker(socketPath: string): Promise<DockerClient> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker({ socketPath });
  return {
    containers: () =>
      asking(socketPath, async () => (await docker.listContainers()).flatMap(listedContainer)),
    inspect: (id) =>
      asking(socketPath, async () => inspectedContainer(id, await docker.getContainer(id).inspect())),
    networks: () => asking(socketPath, async () => (await docker.listNetworks()).flatMap(networkRanges)),
    events: (since, signal) => events(socketPath, () => docker.getEvents({ since }), signal),
    logs: (id, since, signal) =>
      asking(socketPath, async () => {
        const options = {
          follow: true,
          stdout: true,
          stderr: true,
          timestamps: true,
          since,
          abortSignal: signal,
        };
        // The types want a number for `since`; the API takes nanoseconds as text, and needs them.
        const stream = await docker.getContainer(id).logs(options as unknown as { follow: true });
        return endingWith(stream as Readable, signal);
      }),
  };
}

async function asking<T>(socketPath: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw unreachable(socketPath, error);
  }
}

function unreachable(socketPath: string, error: unknown): BailiffError {
  return new BailiffError('docker-unreachable', messageOf(error), {
    where: socketPath,
    remedy: 'Check that Docker runs and that its socket is mounted here and readable.',
    cause: error,
  });
}

async function* events(
  socketPath: string,
  open: () => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent> {
  const stream = endingWith((await asking(socketPath, open)) as Readable, signal);
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestEvent) throw new Error('an event of the Docker API has no end');
      for (const line of lines) yield* parsedEvent(line);
    }
  } catch (error) {
    if (!signal.aborted) throw unreachable(socketPath, error);
  }
}

function endingWith(stream: Readable, signal: AbortSignal): Readable {
  const end = () => stream.destroy();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', end));
  return stream;
}

function* parsedEvent(line: string): Generator<DockerEvent> {
  const event = asJson(safeParse(line));
  const actor = asJson(event['Actor']);
  const [type, action, id] = [event['Type'], event['Action'], actor['ID']];
  if (typeof type === 'string' && typeof action === 'string' && typeof id === 'string')
    yield { type, action, id };
}

function safeParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

function asLabels(value: unknown): Record<string, string> {
  const pairs = Object.entries(asJson(value)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(pairs);
}

function listedContainer(raw: unknown): Container[] {
  const container = asJson(raw);
  const names = container['Names'];
  const id = container['Id'];
  const name = Array.isArray(names) ? names.find((one) => typeof one === 'string') : undefined;
  if (typeof id !== 'string' || name === undefined) return [];
  return [
    {
      id,
      name: withoutSlash(name),
      labels: asLabels(container['Labels']),
      running: container['State'] === 'running',
    },
  ];
}

function inspectedContainer(id: string, raw: unknown): ContainerDetails {
  const container = asJson(raw);
  const config = asJson(container['Config']);
  return {
    id,
    name: withoutSlash(String(container['Name'] ?? id)),
    labels: asLabels(config['Labels']),
    running: asJson(container['State'])['Running'] === true,
    tty: config['Tty'] === true,
    logDriver: String(asJson(asJson(container['HostConfig'])['LogConfig'])['Type'] ?? ''),
  };
}

const withoutSlash = (name: string): string => name.replace(/^\//, '');

function networkRanges(raw: unknown): NetworkRange[] {
  const network = asJson(raw);
  const configs = asJson(network['IPAM'])['Config'];
  return (Array.isArray(configs) ? configs : []).map((entry) => ({
    network: String(network['Name'] ?? ''),
    subnet: String(asJson(entry)['Subnet'] ?? ''),
    gateway: String(asJson(entry)['Gateway'] ?? ''),
    ipv6: network['EnableIPv6'] === true,
  }));
}
