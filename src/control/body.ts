import type { IncomingMessage } from 'node:http';
import { BailiffError } from '../core/errors.ts';

/** What is read on beyond the longest body before it is refused: who sends no more than this gets the answer. */
const passedOver = 1024 * 1024;

const example = 'Send it as `Content-Type: application/json`.';

/**
 * The JSON of a request's body.
 * @throws BailiffError request-type, request-too-large, request-slow (after `patienceMs`), request-invalid
 */
export async function readBody(
  request: IncomingMessage,
  longest: number,
  patienceMs: number,
): Promise<unknown> {
  checkHeaders(request, longest);
  const bytes = await collect(request, longest, patienceMs);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BailiffError('request-invalid', 'the body is not JSON', { remedy: example, cause });
  }
}

function checkHeaders({ headers }: IncomingMessage, longest: number): void {
  const type = headers['content-type'] ?? '';
  // A browser sends any other kind to a strange host without asking it first.
  if (!/^application\/json *(?:; *charset="?utf-8"?)?$/i.test(type))
    throw new BailiffError('request-type', 'the body is not said to be JSON in UTF-8', { remedy: example });
  if (headers['content-encoding'] !== undefined)
    throw new BailiffError('request-type', 'the body is compressed', { remedy: 'Send it as it is.' });
  if (Number(headers['content-length'] ?? 0) > longest + passedOver) throw tooLarge(longest);
}

function collect(request: IncomingMessage, longest: number, patienceMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => refuse(slow(patienceMs)), patienceMs);
    const refuse = (error: BailiffError): void => {
      clearTimeout(timer);
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longest) chunks.push(chunk);
      else if (length > longest + passedOver) refuse(tooLarge(longest));
    });
    request.on('end', () => {
      if (length > longest) return refuse(tooLarge(longest));
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    const gone = (): void => refuse(new BailiffError('request-invalid', 'the body ended too early'));
    request.on('error', gone);
    request.on('close', gone);
  });
}

function tooLarge(longest: number): BailiffError {
  return new BailiffError('request-too-large', `the body is longer than ${longest} bytes`, {
    remedy: 'Send it in several requests.',
  });
}

function slow(patienceMs: number): BailiffError {
  return new BailiffError('request-slow', `the body did not come within ${patienceMs / 1000} s`, {
    remedy: 'Send it at once.',
  });
}
