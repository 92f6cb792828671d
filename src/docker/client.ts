import type { Readable } from 'node:stream';
import { BailiffError, messageOf } from '../core/errors.ts';
import { engineInfo, inspectedContainer, listedContainer, listedNetwork, parsedEvent } from './answers.ts';
import type {
  Container,
  ContainerDetails,
  DockerEvent,
  EngineInfo,
  Network,
  NetworkRange,
} from './engine.ts';

export type { Container, ContainerDetails, DockerEvent, EngineInfo, Network, NetworkRange };

/** What Bailiff asks of Docker. GET requests only, so that a read-only socket proxy is enough. */
export interface DockerClient {
  /** @throws BailiffError docker-unreachable, as every method does */
  containers(): Promise<readonly Container[]>;
  /** null: there is no such container (any more). */
  inspect(id: string): Promise<ContainerDetails | null>;
  networks(): Promise<readonly Network[]>;
  /** A socket proxy may refuse it where it lets everything else through. */
  info(): Promise<EngineInfo>;
  /** Events from `since` (seconds) on, until the signal aborts or Docker ends the stream. */
  events(since: number, signal: AbortSignal): AsyncIterable<DockerEvent>;
  /** The log from `since` on (`seconds.nanoseconds`, inclusive), with timestamps, followed. */
  logs(id: string, since: string, signal: AbortSignal): Promise<Readable>;
}

/** Longest event accepted: Docker's are under a few KiB; labels can make them longer. */
const longestEvent = 1_048_576;

/**
 * A client of the API on a unix socket, whose every question ends when `stop` aborts. dockerode is loaded
 * here and only when asked for.
 */
export async function connectDocker(socketPath: string, stop: AbortSignal): Promise<DockerClient> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker({ socketPath });
  const answering = <T>(ask: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
    asking(socketPath, () => ask(AbortSignal.any([stop, AbortSignal.timeout(patienceMs)])));
  return {
    containers: () =>
      answering(async (abortSignal) =>
        (await docker.listContainers({ abortSignal })).flatMap(listedContainer),
      ),
    inspect: (id) =>
      answering(async (abortSignal) => {
        try {
          return inspectedContainer(id, await docker.getContainer(id).inspect({ abortSignal }));
        } catch (error) {
          if (statusOf(error) === 404) return null;
          throw error;
        }
      }),
    networks: () =>
      answering(async (abortSignal) => (await docker.listNetworks({ abortSignal })).map(listedNetwork)),
    info: () =>
      answering(async (abortSignal) => {
        // The types know a callback alone.
        const ask = docker.info.bind(docker) as unknown as (options: object) => Promise<unknown>;
        return engineInfo(await ask({ abortSignal }));
      }),
    events: (since, signal) =>
      events(socketPath, (abortSignal) => docker.getEvents({ since, abortSignal }), signal),
    logs: (id, since, signal) =>
      asking(socketPath, async () => {
        const options = { follow: true, stdout: true, stderr: true, timestamps: true, since } as const;
        return stream((abortSignal) => {
          // The types want a number for `since`; the API takes nanoseconds as text, and needs them.
          const typed = { ...options, abortSignal } as unknown as { follow: true };
          return docker.getContainer(id).logs(typed);
        }, signal);
      }),
  };
}

/** An engine that takes longer than this (ms) to begin its answer is as good as gone. */
const patienceMs = 10_000;

/** Opens a stream whose beginning is waited for with patience, and its rest for ever. */
async function stream(
  open: (abortSignal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): Promise<Readable> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('the engine does not answer')), patienceMs);
  try {
    return endingWith((await open(AbortSignal.any([signal, late.signal]))) as Readable, signal);
  } finally {
    clearTimeout(timer);
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : null;
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
  open: (abortSignal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent> {
  const received = await asking(socketPath, () => stream(open, signal));
  let rest = '';
  try {
    for await (const chunk of received) {
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
