import type { Server } from 'node:http';

/**
 * Node's http, without the half of it that is never used: to `import` it evaluates all that it exports, and with its
 * WebSocket goes a whole other client (undici): 14 MiB, and more time than any command takes.
 */
export const { createServer, request } = process.getBuiltinModule('node:http');

/** Waits for nobody. */
export function closeNow(server: Server): void {
  server.close();
  server.closeAllConnections();
}
