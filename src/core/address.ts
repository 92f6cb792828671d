import ipaddr from 'ipaddr.js';
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
  const host = slash < 0 ? text : text.slice(0, slash);
  const parsed = parseHost(host);
  if (parsed === null) return null;
  const full = parsed.family === 4 ? 32 : 128;
  if (slash < 0) return { ...parsed, bits: full };
  const suffix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(suffix)) return null;
  // A mapped range such as ::ffff:192.0.2.0/120 is 192.0.2.0/24.
  const bits = Number(suffix) - (parsed.mapped ? 96 : 0);
  if (bits < 0 || bits > full) return null;
  return { family: parsed.family, bytes: maskBytes(parsed.bytes, bits), bits };
}

function parseHost(text: string): { family: Family; bytes: number[]; mapped: boolean } | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return { family: 4, bytes: ipaddr.IPv4.parse(text).octets, mapped: false };
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  const v6 = ipaddr.IPv6.parse(text);
  if (v6.isIPv4MappedAddress()) return { family: 4, bytes: v6.toIPv4Address().octets, mapped: true };
  return { family: 6, bytes: v6.toByteArray(), mapped: false };
}

function maskBytes(bytes: readonly number[], bits: number): number[] {
  return bytes.map((byte, index) => byte & (0xff << (8 - Math.min(8, Math.max(0, bits - index * 8)))) & 0xff);
}

/** The canonical text: RFC 5952 for IPv6; no prefix length for a single address. */
export function formatRange(range: Range): Address {
  const host =
    range.family === 4 ? range.bytes.join('.') : new ipaddr.IPv6([...range.bytes]).toRFC5952String();
  return range.bits === (range.family === 4 ? 32 : 128) ? host : `${host}/${range.bits}`;
}

/** The canonical text of an address or range, or null where the text is neither. */
export function canonicalAddress(text: string): Address | null {
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

/** Whether two ranges share any address. */
export function overlaps(a: Range, b: Range): boolean {
  if (a.family !== b.family) return false;
  const bits = Math.min(a.bits, b.bits);
  const left = maskBytes(a.bytes, bits);
  const right = maskBytes(b.bytes, bits);
  return left.every((byte, index) => byte === right[index]);
}

/** Whether every address of `inner` lies in `outer`; both canonical. */
export function covers(outer: Address, inner: Address): boolean {
  if (outer === inner) return true;
  if (!outer.includes('/')) return false;
  const [wide, narrow] = [parseRange(outer), parseRange(inner)];
  return wide !== null && narrow !== null && wide.bits <= narrow.bits && overlaps(wide, narrow);
}

/** 4 or 6, of a canonical address. */
export function familyOf(address: Address): Family {
  return address.includes(':') ? 6 : 4;
}
