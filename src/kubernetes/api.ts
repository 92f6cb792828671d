import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { BailiffError, messageOf } from '../core/errors.ts';

/** How the API is reached from a pod (kubernetes.io, "Accessing the Kubernetes API from a Pod"). */
export interface ApiAccess {
  /** `https://10.96.0.1:443`. */
  readonly server: string;
  /** The folder with `token` and `ca.crt`, which the kubelet replaces before they are out of date. */
  readonly serviceAccount: string;
}

/** Bytes of one answer: 500 objects of it, of which etcd lets each have 1.5 MiB and hardly any has 64 KiB. */
const mostBytes = 67_108_864;
const longestEvent = 8_388_608;
const answerMs = 30_000;

/** Asks the API server, with the token as it is at that moment. Every method throws BailiffError kubernetes-unreachable. */
export class Api {
  readonly #access: ApiAccess;

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /** GET of a path with its query. */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    return parsed(await textOf(await this.#ask(path, until)));
  }

  /** The events of a watch, once it stands, until the server ends it; `longestMs`: it should have by then. */
  async watch(path: string, longestMs: number, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    return eventsOf(await this.#ask(path, until));
  }

  async #ask(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, serviceAccount } = this.#access;
    try {
      const [token, ca] = await Promise.all(
        ['token', 'ca.crt'].map((name) => readFile(join(serviceAccount, name), 'utf8')),
      );
      const answer = await send(new URL(path, server), { token: token?.trim() ?? '', ca: ca ?? '', signal });
      if (answer.statusCode === 200) return answer;
      throw refusal(answer.statusCode ?? 0, await textOf(answer).catch(() => ''));
    } catch (error) {
      if (error instanceof BailiffError) throw error;
      throw unreachable(messageOf(error));
    }
  }
}

const gone = 410;

/** The resource version that was asked for is forgotten: everything has to be listed again. */
export function expired(): BailiffError {
  const message = 'it has forgotten where the watch left off';
  return new BailiffError('kubernetes-unreachable', message, { cause: gone });
}

export function isExpired(error: unknown): boolean {
  return error instanceof BailiffError && error.cause === gone;
}

interface Sending {
  readonly token: string;
  readonly ca: string;
  readonly signal: AbortSignal;
}

/** A connection of its own: there are few, and the token and the authorities may be others the next time. */
function send(url: URL, { token, ca, signal }: Sending): Promise<IncomingMessage> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    request(url, { headers, ca, signal, agent: false }, resolve).on('error', reject).end();
  });
}

function refusal(status: number, body: string): BailiffError {
  if (status === gone) return expired();
  const { message } = asObject(tried(body));
  const said = typeof message === 'string' ? `: ${message.slice(0, 300)}` : '';
  const denied = status === 401 || status === 403;
  return unreachable(
    `it answers ${status}${said}`,
    denied
      ? 'Its service account has to be allowed to list and watch pods and nodes (rbac.create of the chart).'
      : undefined,
  );
}

function unreachable(message: string, remedy?: string): BailiffError {
  const details = { where: 'the Kubernetes API', ...(remedy === undefined ? {} : { remedy }) };
  return new BailiffError('kubernetes-unreachable', message, details);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > mostBytes) throw unreachable('its answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A watch is one JSON value a line. */
async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      parts = [];
      bytes = 0;
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    bytes += chunk.length - start;
    if (bytes > longestEvent) throw unreachable('an event of its watch is too long');
  }
}

async function* eventsOf(answer: IncomingMessage): AsyncGenerator<unknown> {
  for await (const line of linesOf(answer)) yield parsed(line);
}

function parsed(text: string): unknown {
  const value = tried(text);
  if (value === undefined) throw unreachable('its answer is no JSON');
  return value;
}

function tried(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What came over the network, as far as it is an object; else an empty one. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}
