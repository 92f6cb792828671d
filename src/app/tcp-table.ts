import { join } from 'node:path';
import { canonicalAddress } from '../core/address.ts';
import type { Address } from '../core/types.ts';
import { readBoundedApart } from '../host/bounded-file.ts';

/**
 * An established TCP connection, as the kernel writes it: addresses are hexadecimal words in the machine's
 * byte order, v4-mapped ones as the IPv4 they are.
 */
export interface Connection {
  /** Unlike that of any other connection, past or present. */
  readonly key: string;
  readonly localPort: number;
  readonly remote: string;
  /** Whose socket it is: of an accepted one, who accepted it. */
  readonly uid: number;
  /** The socket's, as in /proc/PID/fd; '0' while no process has accepted it. */
  readonly inode: string;
}

/** The tables of this network namespace, as text, IPv4 and IPv6 (proc_net_tcp in the kernel's documentation). */
export type TcpTables = readonly string[];

/** Of each table, in bytes: about 100,000 connections. What lies behind is not seen. */
const mostBytes = 16_777_216;

const paths = (root: string): string[] => ['tcp', 'tcp6'].map((table) => join(root, 'proc/self/net', table));

const textOf = (bytes: Buffer | null): string => bytes?.toString('latin1') ?? '';

/**
 * On other threads: the kernel takes 5 to 20 ms to walk its connections, and 3 to 4 ms for each thousand of
 * them. A table that cannot be read is empty; never rejects.
 */
export async function readTcpTables(root: string): Promise<TcpTables> {
  return (await Promise.all(paths(root).map((path) => readBoundedApart(path, mostBytes)))).map(textOf);
}

/** Digits of an address of each family, and of a port. */
const digits4 = 8;
const digits6 = 32;
const portDigits = 4;
const established = ' 01 ';

/**
 * The established connections of one of these local ports, or from one of these remote addresses. A row is
 * `  12: LOCAL:PORT REMOTE:PORT STATE …`. Only rows that are asked for are taken apart: there may be tens of
 * thousands of others.
 */
export function connectionsIn(
  tables: TcpTables,
  ports: ReadonlySet<number>,
  remotes: ReadonlySet<string>,
): Connection[] {
  const found: Connection[] = [];
  for (const text of tables) {
    // The first line is the heading.
    for (let start = text.indexOf('\n') + 1; start > 0; start = text.indexOf('\n', start) + 1) {
      const local = text.indexOf(':', start) + 2;
      if (local < 2) break;
      const digits = text[local + digits4] === ':' ? digits4 : digits6;
      const remote = local + digits + portDigits + 2;
      const state = remote + digits + portDigits + 1;
      if (!text.startsWith(established, state)) continue;
      const localPort = Number.parseInt(text.slice(remote - portDigits - 1, remote - 1), 16);
      const from = withoutMapping(text.slice(remote, remote + digits));
      if (!ports.has(localPort) && !remotes.has(from)) continue;
      const [uid, inode] = ownerIn(text, state + established.length);
      const key = `${text.slice(local, state)} ${inode}`;
      found.push({ key, localPort, remote: from, uid, inode });
    }
  }
  return found;
}

/** Behind the state: two queues, two timers, retransmissions, uid, timeout, inode. */
const owner = /\S+ \S+ \S+ +(\d+) +\d+ (\d+) /y;

function ownerIn(text: string, start: number): [uid: number, inode: string] {
  owner.lastIndex = start;
  const [, uid, inode] = owner.exec(text) ?? [];
  return [Number(uid ?? -1), inode ?? '0'];
}

const mapped = '0000000000000000FFFF0000';

const withoutMapping = (hex: string): string => (hex.startsWith(mapped) ? hex.slice(mapped.length) : hex);

/** The address of one of the kernel's, or null where it is none. */
export function addressOf(hex: string): Address | null {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length !== digits4 / 2 && bytes.length !== digits6 / 2) return null;
  bytes.swap32();
  if (bytes.length === digits4 / 2) return canonicalAddress(bytes.join('.'));
  return canonicalAddress((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'));
}

/** As the kernel writes it: 4 or 16 bytes in network order. */
export function kernelHex(bytes: Uint8Array): string {
  return withoutMapping(Buffer.from(bytes).swap32().toString('hex').toUpperCase());
}
