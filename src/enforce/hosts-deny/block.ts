import { formatRange, parseRange, type Range } from '../../core/address.ts';
import type { Address } from '../../core/types.ts';
import { inSlices } from '../slices.ts';

/**
 * The lines around ours. They hold no colon and none of the words that hosts_access(5) knows, so that they
 * could do nothing even where somebody's line break makes them part of a rule.
 */
export const beginMarker =
  '# BEGIN bailiff - banned addresses, written by a program - put your own lines outside';
export const endMarker = '# END bailiff';

/** A hosts.deny, one character a byte (latin1), taken apart. What is not ours is kept as it was written. */
export interface HostsDeny {
  readonly before: string;
  /** Address -> its line, in the order of the lines. */
  readonly entries: ReadonlyMap<Address, string>;
  readonly after: string;
  /** Whether a block of ours is there at all. */
  readonly standing: boolean;
}

/**
 * Takes a file apart. Ours is what stands between the markers and reads as we write it; what else is found
 * there goes behind the block. Where the end marker is missing, only lines directly after the first count.
 * `known` spares the reading of lines that were read or written before: line -> address.
 */
export async function parseHostsDeny(text: string, known: KnownLines = new Map()): Promise<HostsDeny> {
  const entries = new Map<Address, string>();
  let begin = findLine(text, beginMarker, 0);
  const before = text.slice(0, begin?.start ?? text.length);
  let after = '';
  let position = text.length;
  while (begin !== null) {
    const next = findLine(text, beginMarker, begin.stop);
    const end = findLine(text, endMarker, begin.stop);
    const closed = end !== null && (next === null || end.start < next.start) ? end : null;
    const body = text.slice(begin.stop, closed?.start ?? next?.start ?? text.length);
    after += await takeLines(body, closed !== null, known, entries);
    position = closed?.stop ?? next?.start ?? text.length;
    after += text.slice(position, next?.start ?? text.length);
    begin = next;
  }
  return { before, entries, after, standing: before.length < text.length };
}

/**
 * The file with our block in it: where it was, a new one at the end. A last line that is not ended (or goes
 * on with a backslash) would swallow our first one, and to end it would be to change it: then the block
 * goes to the top.
 */
export function composeHostsDeny({ before, entries, after }: HostsDeny): string {
  const block = [beginMarker, ...entries.values(), endMarker, ''].join('\n');
  const ended = before === '' || (before.endsWith('\n') && !before.endsWith('\\\n'));
  return ended ? before + block + after : block + before + after;
}

/**
 * The file with some addresses taken out and others put in: what stands keeps its place, what is new comes
 * last. What would make it longer than `limit` (in bytes) stays out and is counted in `excess`. The same
 * object where nothing changes.
 */
export function withChanges(
  hosts: HostsDeny,
  removed: Iterable<Address>,
  added: Iterable<readonly [address: Address, line: string]>,
  limit: number,
): { hosts: HostsDeny; excess: number } {
  const entries = new Map(hosts.entries);
  let changed = false;
  for (const address of removed) changed = entries.delete(address) || changed;
  const missing = [...added].filter(([address]) => !entries.has(address));
  if (missing.length === 0) return { hosts: changed ? { ...hosts, entries } : hosts, excess: 0 };
  let room = limit - sizeOf({ ...hosts, entries });
  let excess = 0;
  for (const [address, line] of missing) {
    room -= line.length + 1;
    if (room >= 0) entries.set(address, line);
    else excess += 1;
  }
  return { hosts: { ...hosts, entries }, excess };
}

/** How long it is when it is composed, in bytes. */
function sizeOf({ before, entries, after }: HostsDeny): number {
  let size = before.length + after.length + beginMarker.length + endMarker.length + 2;
  for (const line of entries.values()) size += line.length + 1;
  return size;
}

/** How the ban of an address is written, after hosts_access(5). */
export function denyLine(range: Range): string {
  const [host = '', bits] = formatRange(range).split('/');
  if (range.family === 6) return `ALL: [${host}]${bits === undefined ? '' : `/${bits}`}`;
  return `ALL: ${host}${bits === undefined ? '' : `/${maskOf(Number(bits))}`}`;
}

function maskOf(bits: number): string {
  return [0, 8, 16, 24].map((skip) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - skip)))).join('.');
}

/** Line, without its end -> address. */
export type KnownLines = ReadonlyMap<string, Address>;

const ourLine = /^ALL: (?:([\d.]+)(?:\/([\d.]+))?|\[([\da-f:]+)\](?:\/(\d+))?)$/;

/** The address that one of our lines bans, or null for a line that we would not write so. */
function addressOf(line: string): Address | null {
  const match = ourLine.exec(line);
  if (match === null) return null;
  const [, host4, mask, host6, prefix] = match;
  const bits = mask === undefined ? prefix : String(onesOf(mask));
  const range = parseRange(`${host4 ?? host6}${bits === undefined ? '' : `/${bits}`}`);
  if (range === null || range.bits === 0) return null;
  return denyLine(range) === line ? formatRange(range) : null;
}

function onesOf(mask: string): number {
  const bits = mask.split('.').map((part) => Number(part).toString(2));
  return bits.join('').replaceAll('0', '').length;
}

/** Takes our lines out of a block, or, where it has no end, from its start. @returns the rest, in its order */
async function takeLines(
  body: string,
  closed: boolean,
  known: KnownLines,
  entries: Map<Address, string>,
): Promise<string> {
  let rest = '';
  await inSlices(linesOf(body), (line) => {
    const bare = line.replace(/\r?\n$/, '');
    const over = (rest !== '' && !closed) || bare === line;
    const address = over ? null : (known.get(bare) ?? addressOf(bare));
    if (address === null) rest += line;
    else if (!entries.has(address)) entries.set(address, bare);
  });
  return closed || !isTorn(rest) ? rest : '';
}

/**
 * Whether the end of a file is a line of ours cut short, by a kill or a full disk in the middle of a write.
 * It cannot stay: `ALL: 203.0.` shuts out a whole network, and Debian's libwrap everybody while the last
 * line has no end.
 */
function isTorn(rest: string): boolean {
  if (rest === '' || rest.includes('\n')) return false;
  return endMarker.startsWith(rest) || 'ALL: '.startsWith(rest) || /^ALL: [[\]\da-f.:/]+$/.test(rest);
}

/** Where a line stands, with its end; not where it is a part of a longer one. */
function findLine(text: string, line: string, from: number): { start: number; stop: number } | null {
  for (let start = text.indexOf(line, from); start >= 0; start = text.indexOf(line, start + 1)) {
    const behind = text.slice(start + line.length, start + line.length + 2);
    const ending = behind === '' ? '' : /^\r?\n/.exec(behind)?.[0];
    if (ending === undefined || (start > 0 && text[start - 1] !== '\n')) continue;
    return { start, stop: start + line.length + ending.length };
  }
  return null;
}

/** Each line with its end. */
function* linesOf(text: string): Generator<string, void> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const stop = end < 0 ? text.length : end + 1;
    yield text.slice(start, stop);
    start = stop;
  }
}
