import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import * as z from 'zod';
import { BailiffError, messageOf } from '../core/errors.ts';
import { eventStream, streamEvents } from './event-stream.ts';
import { createServer } from './http.ts';
import {
  type AllowCommand,
  type BanCommand,
  type Control,
  type ErrorAnswer,
  type ImportCommand,
  mostImported,
  type NotifyTestCommand,
  type UnbanCommand,
} from './protocol.ts';
import { answerQuestion } from './questions.ts';

/** Longest request body: an address, a jail's name and a duration. */
const longestBody = 4_096;
/** And of an import, in which each ban has two names and four numbers. */
const longestImport = mostImported * 512;

const banCommand = z.strictObject({
  address: z.string(),
  jail: z.string().optional(),
  for: z.string().optional(),
  force: z.boolean().optional(),
});
const unbanCommand = z.union([
  z.strictObject({ all: z.literal(true) }),
  z.strictObject({ address: z.string(), jail: z.string().optional() }),
]);
const allowCommand = z.strictObject({ address: z.string(), for: z.string().optional() });
const disallowCommand = z.strictObject({ address: z.string() });
const notifyTestCommand = z.strictObject({ name: z.string() });
const importCommand = z.strictObject({
  bans: z
    .array(
      z.strictObject({
        address: z.string(),
        jail: z.string(),
        since: z.number(),
        until: z.number().nullable().optional(),
        bancount: z.int().nonnegative(),
        failures: z.int().nonnegative(),
      }),
    )
    .max(mostImported),
});

/**
 * Serves the commands on a unix socket of mode 0600: who may open it is root already.
 * @throws BailiffError daemon-running where another daemon answers there
 */
export async function serveControl(socketPath: string, control: Control): Promise<Server> {
  makeDirectory(dirname(socketPath));
  if (await answers(socketPath)) {
    throw new BailiffError('daemon-running', 'another daemon answers on the control socket', {
      where: socketPath,
      remedy: 'Stop it, or give this one a BAILIFF_SOCKET and a BAILIFF_STATE_DIR of its own.',
    });
  }
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    handle(control, request, response).then(
      (answer) => {
        if (answer === streaming) return;
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      },
      (error: unknown) => {
        response.statusCode = error instanceof BailiffError ? 400 : 500;
        response.setHeader('content-type', 'application/json').end(JSON.stringify(errorAnswer(error)));
      },
    );
  });
  await listening(server, socketPath);
  return server;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new BailiffError(
      'control-unusable',
      `the directory of the control socket cannot be made: ${messageOf(cause)}`,
      {
        where: path,
        remedy: 'Name a socket in BAILIFF_SOCKET whose directory can be written.',
        cause,
      },
    );
  }
}

/** In place of an answer: it is being written. */
const streaming = Symbol('streaming');

async function handle(
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /status':
      return control.status();
    case 'GET /bans':
      return control.bans();
    case 'POST /bans':
      return control.ban(checked(banCommand, await body(request)) as BanCommand);
    case 'DELETE /bans':
      return control.unban(checked(unbanCommand, await body(request)) as UnbanCommand);
    case 'POST /bans/import':
      return control.importBans(checked(importCommand, await body(request, longestImport)) as ImportCommand);
    case 'GET /allowed':
      return control.allowed();
    case 'GET /never-banned':
      return control.neverBanned();
    case 'POST /allowed':
      return control.allow(checked(allowCommand, await body(request)) as AllowCommand);
    case 'DELETE /allowed':
      return control.disallow(checked(disallowCommand, await body(request)).address);
    case 'POST /teardown':
      return control.teardown();
    case 'POST /notify/test':
      return control.notifyTest(checked(notifyTestCommand, await body(request)) as NotifyTestCommand);
    case 'POST /reload':
      return control.reload();
    case `GET ${eventStream}`:
      streamEvents(control, response);
      return streaming;
    default:
      return answerQuestion(control, request.method ?? '', request.url ?? '');
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BailiffError('request-invalid', result.error.issues.map((issue) => issue.message).join('; '));
}

async function body(request: IncomingMessage, longest = longestBody): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > longest) throw new BailiffError('request-invalid', 'the request is too long');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BailiffError('request-invalid', 'the request is not JSON', { cause: error });
  }
}

function errorAnswer(error: unknown): ErrorAnswer {
  if (!(error instanceof BailiffError)) return { error: { code: 'internal', message: messageOf(error) } };
  const { code, message, where, remedy } = error;
  return { error: { code, message, where, remedy } };
}

/** The socket is made with mode 0600 from its first moment: the mask holds while it is bound. */
async function listening(server: Server, socketPath: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const remedy = 'Name a socket in BAILIFF_SOCKET whose directory can be written.';
        reject(new BailiffError('control-unusable', messageOf(cause), { where: socketPath, remedy, cause }));
      });
      server.listen(socketPath, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(socketPath, 0o600);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
