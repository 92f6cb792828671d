import type { DaemonEvent } from '../control/protocol.ts';
import { describeCount } from '../core/counted.ts';
import { formatDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { localTime } from '../core/local-time.ts';
import { daemon } from './daemon.ts';
import { printable, printJson, printLine } from './output.ts';

export interface EventsOptions {
  readonly follow?: true;
  readonly json?: true;
}

/** What happened lately; with `follow` what happens from now on, until the daemon ends. */
export async function eventsCommand({ follow, json }: EventsOptions): Promise<void> {
  const print = (event: DaemonEvent): void =>
    json ? printJson(event) : printLine(printable(eventLine(event)));
  if (!follow) {
    for (const event of await daemon().recentEvents()) print(event);
    return;
  }
  for await (const event of daemon().events()) {
    print(event);
    if (event.event === 'cut-off') throw new BailiffError('daemon-unreachable', event.message);
  }
}

export function eventLine(event: DaemonEvent): string {
  return `${localTime(event.time)}  ${event.event.padEnd(7)}  ${detailsOf(event)}`;
}

function detailsOf(event: DaemonEvent): string {
  switch (event.event) {
    case 'found':
      return `${event.jail}  ${event.address}  ${event.hits} of ${event.maxretry}  ${event.source}`;
    case 'ban':
      return `${event.jail}  ${event.address}  ${lengthOf(event)}  ${describeCount(event.hits, event.counts)}`;
    case 'unban':
      return `${event.jail}  ${event.address}  ${event.reason}`;
    case 'repair':
      return event.what;
    case 'skipped':
      return `${event.count} more events`;
    case 'cut-off':
      return event.message;
  }
}

function lengthOf({ time, until }: { readonly time: number; readonly until: number | null }): string {
  return formatDuration(until === null ? null : until - time);
}
