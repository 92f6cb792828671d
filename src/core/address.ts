import { BailiffError } from './errors.ts';
import type { Address } from './types.ts';

export type Family = 4 | 6;

/** A parsed address or range. `bits` is the prefix length; a single address has 32 or 128. */
export interface Range {
  readonly family: Family;
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Text longer than any address is refused before it is looked at (it may come from a log line). */
const longestAddress = 64;

/**
 * Reads an address or a CIDR range, or returns null. Only the canonical spellings count: dotted
 * decimal with four parts and RFC 4291 text; no octal, hexadecimal or shortened IPv4 forms (which
 * inet_aton reads differently from tool to tool), no zone. A v4-mapped IPv6 address is IPv4. Bits
 * behind a range's prefix are cleared.
 */
export function parseRange(text: string): Range | null {
  if (text.length === 0 || text.length > longestAddress) return null;
  const slash = text.indexOf('/');
  if (slash < 0) return parseHost(text);
  const host = parseHost(text.slice(0, slash));
  const suffix = text.slice(slash + 1);
  if (host === null || !/^\d{1,3}$/.test(suffix)) return null;
  // A mapped range such as ::ffff:192.0.2.0/120 is 192.0.2.0/24.
  const mapped = host.family === 4 && text.includes(':');
  const bits = Number(suffix) - (mapped ? 96 : 0);
  if (bits < 0 || bits > host.bits) return null;
  return { family: host.family, bytes: maskBytes(host.bytes, bits), bits };
}

/** Written here, since a library takes 35 µs for an IPv6 address, and a flood has each read several times over. */
function parseHost(text: string): Range | null {
  if (!text.includes(':')) {
    const bytes = parseBytes4(text);
    return bytes === null ? null : { family: 4, bytes, bits: 32 };
  }
  const bytes = parseBytes6(text);
  if (bytes === null) return null;
  const mapped = bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0);
  return mapped ? { family: 4, bytes: bytes.slice(12), bits: 32 } : { family: 6, bytes, bits: 128 };
}

/**
 * The 32 bits of four decimal numbers without leading zeros, signed; null where it is anything else. Character by
 * character, as it is done for every line that hits.
 */
export function wordOf4(text: string): number | null {
  let word = 0;
  let byte = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === dot && digits > 0 && dots < 3) {
      word = (word << 8) | byte;
      dots += 1;
      byte = 0;
      digits = 0;
    } else {
      if (code < zero || code > zero + 9 || (digits > 0 && byte === 0)) return null;
      byte = byte * 10 + code - zero;
      digits += 1;
      if (byte > 255) return null;
    }
  }
  return dots === 3 && digits > 0 ? (word << 8) | byte : null;
}

function parseBytes4(text: string): number[] | null {
  const word = wordOf4(text);
  return word === null ? null : bytesOfWord(word);
}

/** The four bytes of 32 bits, in the order of the text. */
export function bytesOfWord(word: number): number[] {
  return [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff];
}

/** 32 bits, signed, of the four bytes from a place on. */
export function wordOfBytes(bytes: readonly number[], at = 0): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + 4);
  return (a << 24) | (b << 16) | (c << 8) | d;
}

const dot = 0x2e;
const zero = 0x30;

/** RFC 4291, section 2.2: eight groups, one run of them as `::`, the last two perhaps as an IPv4 address. */
function parseBytes6(text: string): number[] | null {
  const gap = text.indexOf('::');
  if (gap < 0) return groups(text, true, 16);
  const head = gap === 0 ? [] : groups(text.slice(0, gap), false);
  const rest = text.slice(gap + 2);
  const tail = rest === '' ? [] : groups(rest, true);
  if (head === null || tail === null) return null;
  // The run stands for one group at least.
  const missing = 16 - head.length - tail.length;
  return missing < 2 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The bytes of groups between single colons; an IPv4 address may end them where `last`. */
function groups(text: string, last: boolean, length?: number): number[] | null {
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
      continue;
    }
    const four = last && index === parts.length - 1 ? parseBytes4(part) : null;
    if (four === null) return null;
    bytes.push(...four);
  }
  return length === undefined ? (bytes.length > 14 ? null : bytes) : bytes.length === length ? bytes : null;
}

function maskBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => byte & (0xff << (8 - Math.min(8, Math.max(0, bits - index * 8)))) & 0xff);
}

/** The length of the prefix of a single address. */
export function fullBits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The canonical text: RFC 5952 for IPv6; no prefix length for a single address. */
export function formatRange(range: Range): Address {
  const host = range.family === 4 ? formatHost4(range.bytes) : formatHost6(range.bytes);
  return range.bits === fullBits(range.family) ? host : `${host}/${range.bits}`;
}

/** A third of the time that a join takes. */
function formatHost4([a, b, c, d]: readonly number[]): string {
  return `${a}.${b}.${c}.${d}`;
}

/** RFC 5952, section 4: the longest run of two or more zero groups, of equals the first, becomes `::`. */
function formatHost6(bytes: readonly number[]): string {
  const texts: string[] = [];
  let run = { from: 0, length: 1 };
  let from = 0;
  for (let group = 0; group < 8; group += 1) {
    const value = ((bytes[2 * group] ?? 0) << 8) | (bytes[2 * group + 1] ?? 0);
    texts.push(value.toString(16));
    if (value !== 0) from = group + 1;
    else if (group + 1 - from > run.length) run = { from, length: group + 1 - from };
  }
  if (run.length === 1) return texts.join(':');
  return `${texts.slice(0, run.from).join(':')}::${texts.slice(run.from + run.length).join(':')}`;
}

/** The canonical text of an address or range, or null where the text is neither. */
export function canonicalAddress(text: string): Address | null {
  // Nearly all that come from logs: there is one way to write them.
  if (wordOf4(text) !== null) return text;
  const range = parseRange(text);
  return range === null ? null : formatRange(range);
}

/** As `canonicalAddress`, for text a person wrote. @throws BailiffError address-invalid */
export function requireAddress(text: string, where?: string): Address {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw new BailiffError(
    'address-invalid',
    `"${text.slice(0, longestAddress)}" is not an IP address or range`,
    {
      ...(where === undefined ? {} : { where }),
      remedy: 'Write an address such as 203.0.113.7 or 2001:db8::1, or a range such as 198.51.100.0/24.',
    },
  );
}

/** IPv6 is counted and banned by the /64, which one customer owns whole; IPv4 by the address. */
export const countedPrefix6 = 64;

/** What is counted and banned for an attacker's address: IPv6 by /64, everything else as it is. */
export function countedAddress(address: Address): Address {
  const range = parseRange(address);
  if (range === null || range.family === 4 || range.bits <= countedPrefix6) return address;
  return formatRange({ family: 6, bytes: maskBytes(range.bytes, countedPrefix6), bits: countedPrefix6 });
}

/** Prefix lengths of ranges by family; null: of that family none. */
export type RangePrefixes = Readonly<Record<Family, number | null>>;

/** The range of that length around an address, or a narrower range; null where it is as wide itself, or no address. */
export function rangeAround(address: Address, prefixes: RangePrefixes): Address | null {
  const range = parseRange(address);
  if (range === null) return null;
  const bits = prefixes[range.family];
  if (bits === null || range.bits <= bits) return null;
  return formatRange({ family: range.family, bytes: maskBytes(range.bytes, bits), bits });
}

/** Whether two ranges share any address. */
export function overlaps(a: Range, b: Range): boolean {
  if (a.family !== b.family) return false;
  const bits = Math.min(a.bits, b.bits);
  const whole = bits >> 3;
  for (let index = 0; index < whole; index += 1) if (a.bytes[index] !== b.bytes[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((a.bytes[whole] ?? 0) ^ (b.bytes[whole] ?? 0)) >> (8 - rest) === 0;
}

/** Whether every address of `inner` lies in `outer`; both canonical. */
export function covers(outer: Address, inner: Address): boolean {
  if (outer === inner) return true;
  if (!outer.includes('/')) return false;
  const [wide, narrow] = [parseRange(outer), parseRange(inner)];
  return wide !== null && narrow !== null && wide.bits <= narrow.bits && overlaps(wide, narrow);
}

/** Whether two canonical addresses or ranges share any address. */
export function overlapping(a: Address, b: Address): boolean {
  if (a === b) return true;
  const [one, other] = [parseRange(a), parseRange(b)];
  return one !== null && other !== null && overlaps(one, other);
}

/** 4 or 6, of a canonical address. */
export function familyOf(address: Address): Family {
  return address.includes(':') ? 6 : 4;
}
