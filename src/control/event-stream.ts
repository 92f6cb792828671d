import type { ServerResponse } from 'node:http';
import type { Control, DaemonEvent } from './protocol.ts';

/** The path of the stream. */
export const eventStream = '/events?follow';

/** A reader that has not taken so many bytes is too slow. */
const mostUnread = 1024 * 1024;

/** How long (ms) it may take for the rest once it is cut off. */
const patienceMs = 5_000;

/** Writes what happens to one reader until it goes, one JSON value a line. One that is too slow is cut off. */
export function streamEvents(control: Control, response: ServerResponse): void {
  const end = control.follow((lines) => {
    if (response.writableLength <= mostUnread) response.write(lines);
    else cutOff();
  });
  const cutOff = (): void => {
    end();
    const message = 'this reader is too slow, and misses what comes next';
    const event: DaemonEvent = { event: 'cut-off', time: Date.now() / 1000, message };
    response.end(`${JSON.stringify(event)}\n`);
    setTimeout(() => response.destroy(), patienceMs).unref();
  };
  response.on('close', end);
  response.on('error', end);
  // For hours there may be nothing to tell.
  response.socket?.setTimeout(0);
  response.setHeader('content-type', 'application/x-ndjson');
  response.setHeader('cache-control', 'no-store');
  response.flushHeaders();
}
