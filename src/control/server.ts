import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { BailiffError, messageOf } from '../core/errors.ts';
import { createApi } from './handler.ts';
import type { Control } from './protocol.ts';

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
  const server = createApi({ control, admit: () => 'write' });
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
