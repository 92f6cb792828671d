import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type * as z from 'zod';
import { BailiffError } from '../core/errors.ts';
import { jsonText } from '../core/printable.ts';
import { readBody } from './body.ts';
import { streamEvents } from './event-stream.ts';
import { failureOf } from './failure.ts';
import { type Access, checkAccess } from './guard.ts';
import { createServer } from './http.ts';
import type { Control } from './protocol.ts';
import { type Found, routesOf } from './routes.ts';

/** How long a client may take, in ms. */
export interface Patience {
  readonly headersMs: number;
  readonly bodyMs: number;
  /** How often it is looked for those who take longer over the headers. */
  readonly lookMs: number;
  /** How long nothing may go either way: an answer that nobody takes holds memory. No command takes so long. */
  readonly idleMs: number;
}
const usualPatience: Patience = { headersMs: 10_000, bodyMs: 10_000, lookMs: 5_000, idleMs: 60_000 };

/** Larger ones come from nobody who means it; Node's own limit. */
const largestHeaders = 16_384;

export interface ApiParts {
  readonly control: Control;
  /** Who asks. @throws BailiffError where the request is refused */
  readonly admit: (request: IncomingMessage) => Access;
  readonly patience?: Patience;
}

/** The API, listening nowhere yet. Whatever comes in gets JSON, errors as an ErrorAnswer. */
export function createApi({ control, admit, patience = usualPatience }: ApiParts): Server {
  const { headersMs, bodyMs, lookMs, idleMs } = patience;
  const limits = {
    headersTimeout: headersMs,
    requestTimeout: headersMs + 2 * bodyMs,
    connectionsCheckingInterval: lookMs,
    maxHeaderSize: largestHeaders,
  };
  const server = createServer(limits, (request, response) => {
    answer({ control, admit, bodyMs }, request, response).catch((error: unknown) =>
      fail(error, request, response),
    );
  });
  server.setTimeout(idleMs);
  server.on('clientError', refuseRaw);
  return server;
}

interface Asking {
  readonly control: Control;
  readonly admit: (request: IncomingMessage) => Access;
  readonly bodyMs: number;
}

async function answer(
  { control, admit, bodyMs }: Asking,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const access = admit(request);
  const [path = '', search = ''] = url.split(/\?(.*)/s);
  const found = routesOf(path);
  if (found.size > 0 && !found.has(method)) response.setHeader('allow', [...found.keys()].join(', '));
  const { route, name } = wanted(found, method);
  checkAccess(access, method, headers);
  const query = route.query === undefined ? noQuery(search) : checked(route.query, parametersOf(search));
  if (route.stream !== undefined && query !== undefined && Object.hasOwn(query, 'follow'))
    return streamEvents(control, response);
  const body =
    route.body === undefined
      ? undefined
      : checked(route.body, await readBody(request, route.longest, bodyMs));
  send(response, 200, await route.run(control, { body, query, name }));
}

/** @throws BailiffError request-not-found, request-method */
function wanted(found: ReadonlyMap<string, Found>, method: string): Found {
  if (found.size === 0)
    throw new BailiffError('request-not-found', 'there is no such path', {
      remedy: 'docs/openapi.json lists all of them.',
    });
  const route = found.get(method);
  if (route !== undefined) return route;
  throw new BailiffError('request-method', 'the path does not take this method', {
    remedy: `It takes: ${[...found.keys()].join(', ')}.`,
  });
}

const remedy = 'docs/openapi.json says what each request takes.';

function parametersOf(search: string): Readonly<Record<string, string>> {
  const parameters = new URLSearchParams(search);
  const names = [...parameters.keys()];
  if (new Set(names).size < names.length)
    throw new BailiffError('request-invalid', 'a parameter stands twice in the address', { remedy });
  return Object.fromEntries(parameters);
}

function noQuery(search: string): undefined {
  if (search !== '') throw new BailiffError('request-invalid', 'the path takes no parameters', { remedy });
}

/** @throws BailiffError request-invalid */
function checked(schema: z.ZodType, value: unknown): Readonly<Record<string, unknown>> {
  const result = schema.safeParse(value);
  if (result.success) return result.data as Readonly<Record<string, unknown>>;
  const faults = result.error.issues.slice(0, 5).map(({ path, message }) => [...path, message].join(': '));
  throw new BailiffError('request-invalid', faults.join('; ').slice(0, 500), { remedy });
}

function send(response: ServerResponse, status: number, content: unknown): void {
  const text = jsonText(content);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  const { status, answer: said } = failureOf(error);
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  // What is left of the request is not waited for.
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, status, said);
}

/** Of what is no HTTP, or does not come in time: there is no response to write it into. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [status, code, message] = rawRefusals[error.code ?? ''] ?? usualRefusal;
  const body = JSON.stringify({ error: { code, message, remedy: 'Send a whole HTTP/1.1 request.' } });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

type RawRefusal = readonly [status: string, code: string, message: string];
const usualRefusal: RawRefusal = ['400 Bad Request', 'request-invalid', 'this is no HTTP request'];
const rawRefusals: Readonly<Record<string, RawRefusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request-slow', 'the request did not come in time'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'request-too-large',
    `the headers are larger than ${largestHeaders} bytes`,
  ],
};
