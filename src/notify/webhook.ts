import type { ClientRequest, IncomingMessage } from 'node:http';
import { isJsonTemplate, type WebhookShape } from '../config/notify-options.ts';
import { printable } from '../core/printable.ts';
import { type Channel, DeliveryFailure } from './channel.ts';
import type { Message } from './message.ts';
import { type Content, shapes } from './shapes.ts';
import { signatureHeaders } from './signature.ts';
import { fieldsOf, filled, inJson } from './template.ts';
import { tlsTrust } from './tls-trust.ts';

export interface WebhookOptions {
  /** http:// or https://, without a user. */
  readonly url: string;
  readonly shape: WebhookShape;
  /** A template in place of the shape; JSON where it begins as an object or an array does. */
  readonly body: string | null;
  /** What requests are signed with. */
  readonly secret: string | null;
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string | null;
  /** Whether the server's certificate has to be sound. */
  readonly verify: boolean;
  /** A file of authorities, in place of those that Node knows. */
  readonly ca: string | null;
}

/** Bytes of an answer that are read. */
const mostRead = 4_096;
/** Characters of it that are told. */
const mostTold = 200;
/** Answers that mean this message and no other: it is not understood, too large, or not fit (RFC 9110). */
const refusals = new Set([400, 413, 415, 422]);

/** Posts each message to one address. Redirects are not followed, and no answer leads to another request. */
export class Webhook implements Channel {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  async send(message: Message, signal: AbortSignal): Promise<string> {
    const { url, secret, token, verify, ca } = this.#options;
    const content = this.#contentOf(message);
    const signed = { id: message.id, timestamp: Math.floor(message.time), body: content.body };
    const headers = {
      'content-type': content.type,
      'content-length': String(Buffer.byteLength(content.body)),
      'user-agent': 'Bailiff',
      ...content.headers,
      ...(secret === null ? {} : signatureHeaders(signed, secret)),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const target = new URL(url);
    const secure = target.protocol === 'https:';
    const options = { method: 'POST', headers, agent: false, signal } as const;
    const trust = secure ? await tlsTrust(verify, ca) : {};
    // By process.getBuiltinModule an import's cost is saved: see control/http.ts.
    const asked = secure
      ? process.getBuiltinModule('node:https').request(target, { ...options, ...trust })
      : process.getBuiltinModule('node:http').request(target, options);
    const { status, wait, text } = await answerTo(asked, content.body);
    return judged(status, wait, text);
  }

  #contentOf(message: Message): Content {
    const { shape, body } = this.#options;
    if (body === null) return shapes[shape](message);
    const isJson = isJsonTemplate(body);
    const type = isJson ? 'application/json' : 'text/plain; charset=utf-8';
    return { type, body: filled(body, fieldsOf(message), isJson ? inJson : undefined) };
  }
}

interface Answer {
  readonly status: number;
  /** Its Retry-After, or ''. */
  readonly wait: string;
  /** The beginning of its body. */
  readonly text: string;
}

function answerTo(asked: ClientRequest, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject);
    asked.once('response', (response) => {
      beginningOf(response).then(
        (text) =>
          resolve({ status: response.statusCode ?? 0, wait: response.headers['retry-after'] ?? '', text }),
        reject,
      );
    });
    asked.end(body);
  });
}

/** Reads no more than is told of it, and ends the connection then. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= mostRead) break;
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, mostRead).toString();
}

/** @throws DeliveryFailure for every answer but success */
function judged(status: number, wait: string, text: string): string {
  const said = printable(text.replaceAll(/\s+/g, ' ').trim().slice(0, mostTold));
  const answer = `HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) return answer;
  if (status >= 300 && status < 400) {
    throw new DeliveryFailure(`HTTP ${status}: it leads elsewhere, and redirects are not followed`);
  }
  throw new DeliveryFailure(answer, { refused: refusals.has(status), waitMs: waitOf(wait, Date.now()) });
}

/** Retry-After in ms: seconds, or a date (RFC 9110, 10.2.3); 0 where it says neither. */
function waitOf(text: string, nowMs: number): number {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}
