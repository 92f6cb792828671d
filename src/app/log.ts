import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { formatDuration } from '../core/duration.ts';
import { plainPolicy } from '../core/policy.ts';
import { printable, printableJson, printableLines } from '../core/printable.ts';

export type Log = Logger;

/** Bytes of log that wait for a slow reader; beyond that lines are dropped, so that nobody can fill the memory. */
const mostWaiting = 8 * 1024 * 1024;

export interface LogOptions {
  readonly level: string;
  /** `auto`: readable on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}

/** The daemon's log: static messages, the data beside them. Goes to standard output. */
export async function openLog(options: LogOptions): Promise<Log> {
  const readable = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY);
  const stream = readable
    ? await readableStream()
    : destination({ fd: 1, sync: false, maxLength: mostWaiting });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Whoever looks at it, by whatever program.
      hooks: { streamWrite: printableJson },
    },
    stream,
  );
}

/** One line per event, for eyes. pino-pretty is loaded only for a terminal. */
async function readableStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    hideObject: true,
    messageFormat: (record) => sentence(record),
    destination: 1,
    sync: true,
  });
}

type LogRecord = Readonly<Record<string, unknown>>;

/** The message with the data a person wants to see in it. */
export function sentence(record: LogRecord): string {
  const text = String(record['msg'] ?? '');
  const { jail, address, count, hits } = record;
  if (text === 'hit') {
    const within = formatDuration(Number(record['findtime']));
    return printable(`${jail}: ${address} hit ${count} of ${record['maxretry']} within ${within}`);
  }
  if (text === 'ban') {
    const how = describePolicy(String(record['policy'] ?? plainPolicy));
    return printable(`${jail}: ${address} ${how} for ${record['duration']}, ${hits} hits`);
  }
  if (text === 'unban') return printable(`${jail}: ${address} let in again (${record['reason']})`);
  const rest = Object.entries(record).filter(([key]) => !['level', 'time', 'msg'].includes(key));
  return printableLines([text, ...rest.map(([key, value]) => `${key}=${plain(value)}`)].join('  '));
}

function describePolicy(policy: string): string {
  if (policy.startsWith('log')) return 'WOULD BE BANNED (a trial)';
  return policy === plainPolicy ? 'BANNED' : `BANNED (${policy})`;
}

function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const message = (value as LogRecord)['message'];
  return typeof message === 'string' ? message : JSON.stringify(value);
}
