import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Where the API is: its socket, or a port of this machine. */
export type Api = { readonly socketPath: string } | { readonly host: string; readonly port: number };

export interface Question {
  readonly body?: unknown;
  /** In place of the body's JSON. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
}

/** Asks as any program would that knows docs/api.md alone. */
export async function ask(
  api: Api,
  method: string,
  path: string,
  { body, raw = body === undefined ? '' : JSON.stringify(body), headers = {} }: Question = {},
): Promise<Answered> {
  const own =
    raw === ''
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(raw)) };
  return new Promise((resolve, reject) => {
    const asked = request({ ...api, method, path, headers: { ...own, ...headers } }, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      text(response).then((said) => resolve({ status, headers: received, json: JSON.parse(said) }), reject);
    });
    asked.on('error', reject);
    asked.end(raw);
  });
}
