import type { Status } from '../control/protocol.ts';
import { formatDuration } from '../core/duration.ts';
import type { Ban } from '../core/types.ts';
import { describeBytes, describeRate } from './numbers.ts';
import { type Piece, paint, terminalColumns } from './pieces.ts';
import { type Line, tableLines } from './table.ts';
import { cutText } from './text-width.ts';

/** Each of a second. */
export interface Rates {
  readonly lines: number;
  readonly hits: number;
  readonly bans: number;
  readonly packets: number;
  readonly bytes: number;
}

/** What is so, with what came in the moment before it. */
export interface Moment {
  readonly status: Status;
  readonly rates: Rates;
  readonly bans: readonly Ban[];
}

/** What came between two looks that lie so many seconds apart. A source that is gone takes nothing away. */
export function ratesBetween(before: Status, after: Status, seconds: number): Rates {
  const rate = (of: (status: Status) => number): number => Math.max(0, of(after) - of(before)) / seconds;
  return {
    lines: rate(({ sources }) => sum(sources, ({ lines }) => lines)),
    hits: rate(({ jails }) => sum(jails, ({ hits }) => hits)),
    bans: rate(({ jails }) => sum(jails, ({ bans }) => bans)),
    packets: rate(({ enforcement }) => sum(enforcement.dropped, ({ packets }) => packets)),
    bytes: rate(({ enforcement }) => sum(enforcement.dropped, ({ bytes }) => bytes)),
  };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

/** The screen, with so many bans in each of its lists. */
export function topLines({ status, rates, bans }: Moment, most: number): readonly Line[] {
  const { version, started, ready, problems, warnings, enforcement } = status;
  const columns = terminalColumns();
  const up = formatDuration(Date.now() / 1000 - started);
  const concerns = [
    ...problems.map((text) => paint('red', cutText(`! ${text}`, columns))),
    ...warnings.map((text) => paint('yellow', cutText(`! ${text}`, columns))),
  ];
  return [
    [`Bailiff ${version}, up ${up}: `, ready ? paint('green', 'ready') : paint('red', 'NOT READY')],
    ...concerns.slice(0, 3).map((concern): Line => [concern]),
    [`${describeRates(rates)}; ${enforcement.elements} banned`],
    [],
    ...tableLines(['JAIL', 'HITS', 'BANS', 'ACTIVE'], jailRows(status.jails), columns),
    [],
    [paint('bold', 'Worst')],
    ...banLines(worstOf(bans, most), columns),
    [],
    [paint('bold', 'Newest')],
    ...banLines(newestOf(bans, most), columns),
  ];
}

/** Those with the most hits first. */
export function worstOf(bans: readonly Ban[], most: number): readonly Ban[] {
  return bans.toSorted((a, b) => b.hits - a.hits || b.since - a.since).slice(0, most);
}

export function newestOf(bans: readonly Ban[], most: number): readonly Ban[] {
  return bans.toSorted((a, b) => b.since - a.since).slice(0, most);
}

function describeRates({ lines, hits, bans, packets, bytes }: Rates): string {
  const dropped = `${describeRate(packets)} packets/s (${describeBytes(bytes)}/s) shut out`;
  return `${describeRate(lines)} lines/s, ${describeRate(hits)} hits/s, ${describeRate(bans)} bans/s, ${dropped}`;
}

function jailRows(jails: Status['jails']): readonly (readonly Piece[])[] {
  return jails
    .toSorted((a, b) => b.active - a.active || b.hits - a.hits)
    .map(({ name, hits, bans, active }) => [name, String(hits), String(bans), String(active)]);
}

function banLines(bans: readonly Ban[], columns: number): readonly Line[] {
  const now = Date.now() / 1000;
  const rows = bans.map(({ address, jail, hits, since, until }) => [
    address,
    jail,
    String(hits),
    `${formatDuration(now - since)} ago`,
    formatDuration(until === null ? null : until - now),
  ]);
  return tableLines(['ADDRESS', 'JAIL', 'HITS', 'BANNED', 'LEFT'], rows, columns);
}
