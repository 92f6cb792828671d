import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { BailiffError, messageOf } from '../core/errors.ts';
import {
  engineInfo,
  inspectedContainer,
  listedContainer,
  listedNetwork,
  messageTimestamp,
  parsedEvent,
  publishingContainer,
} from './answers.ts';
import { contentOf, type InsideFile, notStated, statedFile } from './archive.ts';
import { endpointOf } from './endpoint.ts';
import type {
  Container,
  ContainerDetails,
  DockerEvent,
  EngineInfo,
  Mount,
  Network,
  NetworkRange,
  PublishingContainer,
} from './engine.ts';

export type {
  Container,
  ContainerDetails,
  DockerEvent,
  EngineInfo,
  InsideFile,
  Mount,
  Network,
  NetworkRange,
  PublishingContainer,
};

/** What Bailiff asks of Docker. GET and HEAD requests only, so that a read-only socket proxy is enough. */
export interface DockerClient {
  /** @throws BailiffError docker-unreachable, as every method does */
  containers(): Promise<readonly Container[]>;
  /** Those that publish ports. */
  publishing(): Promise<readonly PublishingContainer[]>;
  /** null: there is no such container (any more). */
  inspect(id: string): Promise<ContainerDetails | null>;
  /** null: a socket proxy does not let this through. */
  networks(): Promise<readonly Network[] | null>;
  /** A socket proxy may refuse it where it lets everything else through. */
  info(): Promise<EngineInfo>;
  /** Events that the sources heed, from `since` (seconds) on, until the signal aborts or Docker ends the stream. */
  events(since: number, signal: AbortSignal): AsyncIterable<DockerEvent>;
  /** The log from `since` on (`seconds.nanoseconds`, inclusive), with timestamps, followed. */
  logs(id: string, since: string, signal: AbortSignal): Promise<Readable>;
  /** The timestamp of the last message in the log; null: there is none. */
  newest(id: string): Promise<string | null>;
  /** What lies at a path inside the container, running or not; null: nothing does, or there is no such container. */
  statInside(id: string, path: string): Promise<InsideFile | null>;
  /**
   * The content of a regular file inside the container, as it is now, streamed; null as above. It ends with an
   * error where not all of it came.
   */
  readInside(id: string, path: string, signal: AbortSignal): Promise<Readable | null>;
}

/** Longest event accepted: Docker's are under a few KiB; labels can make them longer. */
const longestEvent = 1_048_576;

/** Others, such as those of health checks, are not sent at all. */
const filters: { type: ('container' | 'network' | 'daemon')[]; event: string[] } = {
  type: ['container', 'network', 'daemon'],
  event: ['start', 'die', 'rename', 'destroy', 'unpause', 'create', 'connect', 'disconnect', 'reload'],
};

/**
 * A client of the API at a unix socket, or at `tcp://host:port`, whose every question ends when `stop`
 * aborts. dockerode is loaded here and only when asked for.
 */
export async function connectDocker(address: string, stop: AbortSignal): Promise<DockerClient> {
  const { default: Docker } = await import('dockerode');
  // A property that is there and undefined keeps dockerode from taking DOCKER_HOST's.
  const docker = new Docker(endpointOf(address) as { protocol: 'http' });
  const answering = <T>(ask: (abortSignal: AbortSignal) => Promise<T>, proxied?: string): Promise<T> =>
    asking(address, () => ask(AbortSignal.any([stop, AbortSignal.timeout(patienceMs)])), proxied);
  return {
    containers: () =>
      answering(async (abortSignal) =>
        (await docker.listContainers({ abortSignal, all: true })).flatMap(listedContainer),
      ),
    publishing: () =>
      answering(async (abortSignal) =>
        (await docker.listContainers({ abortSignal })).flatMap(publishingContainer),
      ),
    inspect: (id) =>
      answering((abortSignal) =>
        ifThere(async () => inspectedContainer(id, await docker.getContainer(id).inspect({ abortSignal }))),
      ),
    networks: () =>
      answering(async (abortSignal) => {
        try {
          return (await docker.listNetworks({ abortSignal })).map(listedNetwork);
        } catch (error) {
          if (isRefused(error)) return null;
          throw error;
        }
      }),
    info: () =>
      answering(async (abortSignal) => {
        // The types know a callback alone.
        const ask = docker.info.bind(docker) as unknown as (options: object) => Promise<unknown>;
        return engineInfo(await ask({ abortSignal }));
      }),
    events: (since, signal) =>
      events(address, (abortSignal) => docker.getEvents({ since, filters, abortSignal }), signal),
    logs: (id, since, signal) =>
      asking(address, async () => {
        const options = { follow: true, stdout: true, stderr: true, timestamps: true, since } as const;
        return stream((abortSignal) => {
          // The types want a number for `since`; the API takes nanoseconds as text, and needs them.
          const typed = { ...options, abortSignal } as unknown as { follow: true };
          return docker.getContainer(id).logs(typed);
        }, signal);
      }),
    newest: (id) =>
      answering(async (abortSignal) => {
        const options = { stdout: true, stderr: true, timestamps: true, tail: 1, abortSignal };
        return messageTimestamp(await docker.getContainer(id).logs(options));
      }),
    statInside: (id, path) =>
      answering(
        (abortSignal) =>
          ifThere(async () => {
            const { headers } = await stated(docker.getContainer(id), path, abortSignal);
            return statedFile(headers['x-docker-container-path-stat']);
          }),
        archives,
      ),
    readInside: (id, path, signal) => {
      const open = (abortSignal: AbortSignal) => docker.getContainer(id).getArchive({ path, abortSignal });
      const ask = async () => contentOf(await stream(open, signal), path);
      return asking(address, () => ifThere(ask), archives);
    },
  };
}

/** The answer to HEAD has no text that would say what is wrong. */
async function stated(
  container: { infoArchive(options: object): Promise<NodeJS.ReadableStream> },
  path: string,
  abortSignal: AbortSignal,
): Promise<IncomingMessage> {
  try {
    return ((await container.infoArchive({ path, abortSignal })) as IncomingMessage).resume();
  } catch (error) {
    throw [400, 500].includes(Number(statusOf(error))) ? notStated(path, error) : error;
  }
}

/** What a socket proxy has to let through, in the words of a remedy. */
const usual = 'GET requests for containers and events';
const archives = 'GET and HEAD requests for /containers/ID/archive';

/** An engine that takes longer than this (ms) to begin its answer is as good as gone. */
const patienceMs = 10_000;

/** Silence (ms) on a connection after which the kernel asks whether its far end is there: a proxy's may not be. */
const keepAliveMs = 60_000;

/** Opens a stream whose beginning is waited for with patience, and its rest for ever. */
async function stream(
  open: (abortSignal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): Promise<Readable> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('the engine does not answer')), patienceMs);
  try {
    const opened = (await open(AbortSignal.any([signal, late.signal]))) as Readable & { socket?: unknown };
    if (opened.socket instanceof Socket) opened.socket.setKeepAlive(true, keepAliveMs);
    return endingWith(opened, signal);
  } finally {
    clearTimeout(timer);
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : null;
}

/** What proxies answer to what they do not let through, and an engine never to what it is asked here. */
export const isRefused = (error: unknown): boolean => [401, 403, 405].includes(Number(statusOf(error)));

/** Null: the engine says that there is no such thing. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

async function asking<T>(address: string, ask: () => Promise<T>, proxied?: string): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof BailiffError ? error : unreachable(address, error, proxied);
  }
}

function unreachable(address: string, error: unknown, proxied = usual): BailiffError {
  return new BailiffError('docker-unreachable', messageOf(error).trim(), {
    where: address,
    remedy: isRefused(error)
      ? `Have the socket proxy let ${proxied} through.`
      : 'Check that Docker runs and that its socket is mounted here and readable.',
    cause: error,
  });
}

async function* events(
  address: string,
  open: (abortSignal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent> {
  const received = await asking(address, () => stream(open, signal));
  let rest = '';
  try {
    for await (const chunk of received) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestEvent) throw new Error('an event of the Docker API has no end');
      for (const line of lines) yield* parsedEvent(line);
    }
  } catch (error) {
    if (!signal.aborted) throw unreachable(address, error);
  }
}

function endingWith(stream: Readable, signal: AbortSignal): Readable {
  const end = () => stream.destroy();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', end));
  return stream;
}
