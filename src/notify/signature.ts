import { createHmac } from 'node:crypto';

/** What a request is signed with, beside its body. */
export interface Signed {
  readonly id: string;
  /** Whole seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of a signed request as Standard Webhooks has them (standardwebhooks.com): HMAC-SHA256 over id, time and
 * body. A secret that begins with `whsec_` is base64 behind that, any other the text itself.
 */
export function signatureHeaders({ id, timestamp, body }: Signed, secret: string): Record<string, string> {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}
