import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Control } from '../../src/control/protocol.ts';
import { serveControl } from '../../src/control/server.ts';
import { folderOf } from './folder.ts';

const unasked = () => assert.fail('not asked for here');

/** A daemon that gives these answers; whoever asks anything else fails. */
export function controlOf(answers: Partial<Control>): Control {
  return {
    status: unasked,
    bans: unasked,
    ban: unasked,
    unban: unasked,
    importBans: unasked,
    allowed: unasked,
    neverBanned: unasked,
    allow: unasked,
    disallow: unasked,
    teardown: unasked,
    notifyTest: unasked,
    reload: unasked,
    jails: unasked,
    putJail: unasked,
    removeJail: unasked,
    why: unasked,
    history: unasked,
    recentEvents: unasked,
    follow: unasked,
    ...answers,
  };
}

/** Serves it to the tests of the file that calls this. @returns the socket's path */
export function socketOf(control: Control): string {
  const socket = join(folderOf({}), 'bailiff.sock');
  let close = (): void => undefined;
  before(async () => {
    const server = await serveControl(socket, control);
    close = () => {
      server.close();
      server.closeAllConnections();
    };
  });
  after(() => close());
  return socket;
}
