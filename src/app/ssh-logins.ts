import { join } from 'node:path';
import { canonicalAddress } from '../core/address.ts';
import type { Address } from '../core/types.ts';
import { namesIn, readBounded } from '../host/bounded-file.ts';
import { kernelHex } from './tcp-table.ts';

export interface SshSession {
  readonly session: string;
  readonly address: Address;
}

const mostSessions = 1_000;
const largestSession = 65_536;
/** About 10,000 records. */
const largestUtmp = 4_194_304;

/**
 * The SSH sessions that systemd-logind knows: sshd registers one after the login, through PAM, and only root
 * may. A session whose sshd has ended is `closing` as long as something of it runs on.
 */
export function logindSessions(root: string): SshSession[] {
  const directory = join(root, 'run/systemd/sessions');
  // Beside each session's file stands a pipe, NAME.ref.
  return namesIn(directory, /^[A-Za-z0-9]{1,32}$/, mostSessions).flatMap((session) => {
    const text = readBounded(join(directory, session), largestSession)?.toString('latin1') ?? '';
    if (fieldOf('REMOTE', text) !== '1' || fieldOf('SERVICE', text) !== 'sshd') return [];
    if (fieldOf('STATE', text) === 'closing') return [];
    // A name instead of an address (`UseDNS yes`) tells nothing: names are not resolved here.
    const host = fieldOf('REMOTE_HOST', text);
    const address = host.includes('/') ? null : canonicalAddress(host);
    return address === null ? [] : [{ session, address }];
  });
}

function fieldOf(key: string, text: string): string {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
}

/** glibc's `struct utmp`: times of 32 bits where 32-bit programs are served too (x86), else of 64. */
const utmp32 = { size: 384, address: 348 };
const utmp64 = { size: 400, address: 360 };
const utmpLayouts = process.arch === 'arm64' ? [utmp64, utmp32] : [utmp32, utmp64];
const userProcess = 7;

/**
 * Where the users that utmp(5) says are logged in come from, as `Connection.remote` has it. A session that
 * was killed leaves its record behind, so a record alone proves nothing.
 */
export function utmpPeers(root: string): string[] {
  const bytes = readBounded(join(root, 'run/utmp'), largestUtmp) ?? Buffer.alloc(0);
  const layout = utmpLayouts.find(({ size }) => bytes.length % size === 0);
  if (layout === undefined) return [];
  const peers: string[] = [];
  for (let start = 0; start < bytes.length && peers.length < mostSessions; start += layout.size) {
    if (bytes.readInt16LE(start) !== userProcess) continue;
    const address = bytes.subarray(start + layout.address, start + layout.address + 16);
    if (address.every((byte) => byte === 0)) continue;
    // An IPv4 address fills the first word alone.
    peers.push(kernelHex(address.subarray(4).every((byte) => byte === 0) ? address.subarray(0, 4) : address));
  }
  return peers;
}
