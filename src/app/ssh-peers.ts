import type { AllowEntry } from '../core/allowlist.ts';
import type { Address } from '../core/types.ts';
import { logindSessions, utmpPeers } from './ssh-logins.ts';
import { SshProcesses } from './ssh-processes.ts';
import { readSshdSettings, type SshdSettings } from './sshd-settings.ts';
import { addressOf, type Connection, connectionsIn, readTcpTables, type TcpTables } from './tcp-table.ts';

export interface SshPeersOptions {
  /** Where /proc, /run and /etc are; '/' but in tests. */
  readonly root?: string;
  /** Seconds, from any start; never stepped (`performance.now() / 1000`). */
  readonly now: () => number;
}

/** sshd's alarm may come late: seconds beyond the grace time before age counts as a login. */
const graceMargin = 30;
/** How long sshd_config counts as read, in seconds. */
const settingsAge = 60;
/** The allow list is asked entry by entry. */
const mostPeers = 1_000;

/**
 * Who has an SSH session on this host, so that an owner who mistypes is not shut out of it. Whoever guesses
 * passwords has a connection to sshd as well: only those count for whose login there is evidence, which is
 * logind's word, utmp's with a connection, the title of their sshd process, or a connection older than sshd
 * leaves one without a login.
 */
export class SshPeers {
  readonly #root: string;
  readonly #now: () => number;
  readonly #processes: SshProcesses;
  #settings: SshdSettings = { ports: [], graceSeconds: Number.POSITIVE_INFINITY };
  #settingsUntil = Number.NEGATIVE_INFINITY;
  #toSshd: readonly Connection[] = [];
  /** Remote addresses, as the kernel writes them, that utmp names and that are connected. */
  #utmp: ReadonlySet<string> = new Set();
  /** By connection: when it was first seen, in seconds. */
  #firstSeen: ReadonlyMap<string, number> = new Map();

  constructor({ root = '/', now }: SshPeersOptions) {
    this.#root = root;
    this.#now = now;
    this.#processes = new SshProcesses(root);
  }

  /**
   * Reads them now, in order of address; never rejects. The kernel's list of connections, which may be
   * thousands, is read on other threads.
   */
  async refresh(): Promise<AllowEntry[]> {
    const tables = await readTcpTables(this.#root);
    const now = this.#now();
    this.#take(tables, now);
    return this.#peers(now);
  }

  #take(tables: TcpTables, now: number): void {
    this.#readSettings(now);
    const ports = new Set(this.#settings.ports);
    const utmp = new Set(utmpPeers(this.#root));
    const connections = connectionsIn(tables, ports, utmp);
    this.#utmp = new Set(connections.map(({ remote }) => remote).filter((remote) => utmp.has(remote)));
    // One that waits to be accepted has nobody who would end it.
    this.#toSshd = connections.filter(({ localPort, inode }) => ports.has(localPort) && inode !== '0');
    this.#firstSeen = new Map(this.#toSshd.map(({ key }) => [key, this.#firstSeen.get(key) ?? now]));
  }

  #readSettings(now: number): void {
    if (now < this.#settingsUntil) return;
    this.#settings = readSshdSettings(this.#root);
    this.#settingsUntil = now + settingsAge;
  }

  #peers(now: number): AllowEntry[] {
    const peers = new Map<Address, string>();
    const add = (address: Address | null, evidence: string): void => {
      if (address !== null && !isLoopback(address) && !peers.has(address)) peers.set(address, evidence);
    };
    for (const { address, session } of logindSessions(this.#root)) add(address, `logind session ${session}`);
    for (const remote of this.#utmp) add(addressOf(remote), 'utmp');
    for (const connection of this.#toSshd) {
      if (this.#isOld(connection, now)) add(addressOf(connection.remote), 'older than a login may take');
    }
    // Processes are the dearest question: it is asked when something hangs on it.
    if (this.#toSshd.every(({ remote }) => peers.has(addressOf(remote) ?? ''))) return entriesOf(peers);
    const sockets = this.#processes.authenticatedSockets(now);
    for (const { remote, inode } of this.#toSshd) {
      const pid = sockets.get(inode);
      if (pid !== undefined) add(addressOf(remote), `sshd process ${pid}`);
    }
    return entriesOf(peers);
  }

  /** Only of root's sockets: a tarpit on an SSH port, run as somebody else, holds its visitors for hours. */
  #isOld({ key, uid }: Connection, now: number): boolean {
    const age = now - (this.#firstSeen.get(key) ?? now);
    return uid === 0 && age > this.#settings.graceSeconds + graceMargin;
  }
}

const isLoopback = (address: Address): boolean => address === '::1' || address.startsWith('127.');

function entriesOf(peers: ReadonlyMap<Address, string>): AllowEntry[] {
  return [...peers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, mostPeers)
    .map(([range, evidence]) => ({ range, reason: `the peer of an SSH session (${evidence})` }));
}
