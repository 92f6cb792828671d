import { canonicalAddress } from './address.ts';
import type { Address } from './types.ts';

/** A file that holds more entries, an element per word. */
const filePrefix = 'file:';
/** RFC 1123, with the underscores that people use all the same; not all digits, so that no mistyped address is one. */
const hostName =
  /^(?=.{1,253}$)(?=.*[a-z])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;

/**
 * One element of an `ignoreip`: a canonical address or range, a host name in lower case, or `file:/PATH`. Undefined
 * where it is none of these.
 */
export function readIgnoreEntry(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  if (text.startsWith(`${filePrefix}/`) && !text.includes('\0')) return text;
  return hostName.test(text) ? text.toLowerCase() : undefined;
}

/** The elements of a list by what they are. */
export interface IgnoreEntries {
  readonly ranges: readonly Address[];
  readonly names: readonly string[];
  /** Paths. */
  readonly files: readonly string[];
}

export function sortIgnoreEntries(entries: readonly string[]): IgnoreEntries {
  const ranges: Address[] = [];
  const names: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (canonicalAddress(entry) !== null) ranges.push(entry);
    else if (entry.startsWith(filePrefix)) files.push(entry.slice(filePrefix.length));
    else names.push(entry);
  }
  return { ranges, names, files };
}
