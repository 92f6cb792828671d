import { countedPrefix6 } from '../core/address.ts';
import { localTime, localTimeWithMs } from '../core/local-time.ts';
import type { Address, Ban, Clock } from '../core/types.ts';
import { AppendedFile, type AppendedFileEvents } from './appended-file.ts';

/** Hits of an address that was banned this long ago (seconds) are said, and from when on with more weight. */
const latency = 3;
const suspicious = 60;

export interface Fail2banLogOptions extends AppendedFileEvents {
  readonly path: string;
  readonly clock: Clock;
  /** Of the process that the lines name; by default this one. */
  readonly pid?: number;
}

/**
 * A log as fail2ban writes it from 0.11 on at its level INFO, for scripts and `recidive` filters that read that. It
 * holds addresses and the names of jails, never text of a log. The daemon's stop ends no ban, so it logs no `Unban`.
 */
export class Fail2banLog {
  readonly #file: AppendedFile;
  readonly #clock: Clock;
  readonly #process: string;

  constructor({ path, clock, pid = process.pid, ...events }: Fail2banLogOptions) {
    this.#file = new AppendedFile(path, events);
    this.#clock = clock;
    this.#process = `[${pid}]:`;
  }

  /** `time`: of the attempt, in seconds. */
  found(jail: string, address: Address, time: number): void {
    this.#log('filter', 'INFO', `[${named(jail)}] Found ${single(address)} - ${localTime(time)}`);
  }

  banned({ jail, address }: Ban): void {
    this.#log('actions', 'NOTICE', `[${named(jail)}] Ban ${single(address)}`);
  }

  /** A ban of an earlier run goes on. */
  restored({ jail, address }: Ban): void {
    this.#log('actions', 'NOTICE', `[${named(jail)}] Restore Ban ${single(address)}`);
  }

  unbanned({ jail, address }: Ban): void {
    this.#log('actions', 'NOTICE', `[${named(jail)}] Unban ${single(address)}`);
  }

  /** An attempt of `time` (seconds) by somebody who is banned. */
  alreadyBanned({ jail, address, since }: Ban, time: number): void {
    if (time - since < latency) return;
    const level = time - since < suspicious ? 'NOTICE' : 'WARNING';
    this.#log('actions', level, `[${named(jail)}] ${single(address)} already banned`);
  }

  jailStarted(jail: string): void {
    this.#log('jail', 'INFO', `Jail '${named(jail)}' started`);
  }

  jailStopped(jail: string): void {
    this.#log('jail', 'INFO', `Jail '${named(jail)}' stopped`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #log(logger: string, level: string, text: string): void {
    const from = `fail2ban.${logger}`.padEnd(24);
    const date = localTimeWithMs(this.#clock.now());
    this.#file.append(`${date} ${from}${this.#process} ${level.padEnd(7)} ${text}`);
  }
}

/** No name may end a line, or what stands in brackets: what follows would be taken for fail2ban's words. */
function named(jail: string): string {
  return jail.replaceAll(/[^\x20-\x7e]|[[\]']/g, '_');
}

/** What `<HOST>` of a filter reads: the /64 that stands for an IPv6 address without its length. */
function single(address: Address): string {
  return address.includes(':') ? address.replace(`/${countedPrefix6}`, '') : address;
}
