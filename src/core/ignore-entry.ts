import { canonicalAddress } from './address.ts';
import type { Address } from './types.ts';

/** A file that holds more entries, an element per word; the rules of TCP wrappers, all of them or a daemon's; a program. */
const filePrefix = 'file:';
const hostsAllow = /^hosts\.allow:(?:([\w.-]{1,64}):)?(\/.*)$/;
const commandPrefix = 'command:';
/** RFC 1123, with the underscores that people use all the same; not all digits, so that no mistyped address is one. */
const hostName =
  /^(?=.{1,253}$)(?=.*[a-z])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;

/**
 * One element of an `ignoreip`: a canonical address or range, a host name or (with a dot before it) a domain in lower
 * case, `file:/PATH`, `hosts.allow:[DAEMON:]/PATH` or `command:/PATH`. Undefined where it is none of these.
 */
export function readIgnoreEntry(text: string): string | undefined {
  const plain = readPlainEntry(text);
  if (plain !== undefined) return plain;
  const refers = text.startsWith(`${filePrefix}/`) || text.startsWith(`${commandPrefix}/`);
  return (refers || hostsAllow.test(text)) && !text.includes('\0') ? text : undefined;
}

/** As `readIgnoreEntry`, of what may stand in a file: nothing that refers to another file. */
export function readPlainEntry(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  if (text.startsWith('.')) {
    const domain = text.slice(1).replace(/\.$/, '');
    return hostName.test(domain) ? `.${domain.toLowerCase()}` : undefined;
  }
  return hostName.test(text) ? text.toLowerCase() : undefined;
}

/** Whether a host name, in lower case, lies in a domain, as TCP wrappers have it: `.example.jp` is not `example.jp` itself. */
export function isInDomain(name: string, domain: string): boolean {
  return name.length > domain.length && name.endsWith(domain);
}

/** The elements of a list by what they are. */
export interface IgnoreEntries {
  readonly ranges: readonly Address[];
  readonly names: readonly string[];
  /** With their dot. */
  readonly domains: readonly string[];
  /** Elements that a file stands behind: its addresses, or the rules of TCP wrappers. */
  readonly files: readonly string[];
  /** Paths. */
  readonly commands: readonly string[];
}

export function sortIgnoreEntries(entries: readonly string[]): IgnoreEntries {
  const sorted: { [Kind in keyof IgnoreEntries]: string[] } = {
    ranges: [],
    names: [],
    domains: [],
    files: [],
    commands: [],
  };
  for (const entry of entries) {
    if (canonicalAddress(entry) !== null) sorted.ranges.push(entry);
    else if (entry.startsWith('.')) sorted.domains.push(entry);
    else if (entry.startsWith(commandPrefix)) sorted.commands.push(entry.slice(commandPrefix.length));
    else if (entry.includes(':')) sorted.files.push(entry);
    else sorted.names.push(entry);
  }
  return sorted;
}

/** What stands behind an element of `files`. `daemon`: undefined for a plain list, null for the rules of all daemons. */
export function ignoreFileOf(entry: string): { readonly path: string; readonly daemon?: string | null } {
  const [, daemon = null, path] = hostsAllow.exec(entry) ?? [];
  return path === undefined ? { path: entry.slice(filePrefix.length) } : { path, daemon };
}

/** An element that stands in a file. */
export interface ListedEntry {
  /** An address, a range, a name or a domain. */
  readonly entry: string;
  /** `PATH:LINE`. */
  readonly where: string;
  /** Elements of the same kinds whom it does not mean; a range has none. */
  readonly except: readonly string[];
}

/** What a file says. */
export interface IgnoreFile {
  readonly entries: readonly ListedEntry[];
  /** What of it protects nobody, and why, each with `PATH:LINE`. */
  readonly problems: readonly string[];
}
