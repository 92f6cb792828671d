import { OpenSessions } from './open-sessions.ts';
import type { Attempt, SessionMerger } from './session-merger.ts';
import type { Match } from './types.ts';

/** Names of one session that are kept. */
const mostUsers = 16;
const longestUser = 256;

/** What the lines of one session (F-MLFID) have said so far. */
export interface Fail2banSession {
  readonly host: string;
  /** @see precedenceOf */
  readonly precedence: number;
  readonly user: string;
  /** Names that were tried; of many, the first. */
  readonly users: readonly string[];
  /** A failure waits for a line that names the address. */
  readonly pending: boolean;
  /** Whether the last line was none that counts by itself. */
  readonly nofail: boolean;
  /** Lines that were told of, or wait for it. */
  readonly matches: number;
  /** Lines of the nofail kind, which count with the first failure. */
  readonly held: number;
  /** Of its first line. */
  readonly time: number;
}

const nothing: Omit<Fail2banSession, 'time'> = {
  host: '',
  precedence: 0,
  user: '',
  users: [],
  pending: false,
  nofail: false,
  matches: 0,
  held: 0,
};

/**
 * Merges the lines of one connection as fail2ban does. A line that does not count gives its fields, and counts with
 * the next failure; somebody who gets in takes back what is pending, unless several names were tried.
 */
export class Fail2banSessions implements SessionMerger<Fail2banSession> {
  readonly #open = new OpenSessions<Fail2banSession>();

  /** What the match amounts to: an attempt to count, or null where it only changed its session. */
  merge(match: Match): Attempt | null {
    const { session: key, host, user, time } = match;
    const { says, last } = kinds[match.kind];
    if (key === '') return says === 'hit' && host !== '' ? { host, user, time, attempts: 1 } : null;
    const before = this.#open.known(key, time);
    const merged = mergedWith(before ?? { ...nothing, time }, match, says, before !== null);
    const { session, counts } = settled(merged, says, last);
    const pending = counts && session.host === '';
    // As in fail2ban, a session's age is that of its first line.
    if (last) this.#open.delete(key);
    else if (before === null) this.#open.keep(key, { ...session, pending });
    else this.#open.replace(key, { ...session, pending });
    if (!counts || pending) return null;
    return { host: session.host, user: session.user, time, attempts: session.matches, users: session.users };
  }

  pack(): Iterable<readonly [key: string, session: Fail2banSession]> {
    return this.#open;
  }

  restore(key: string, session: Fail2banSession): void {
    this.#open.restore(key, { ...session });
  }
}

type Says = 'hit' | 'nofail' | 'gained';

const kinds: Readonly<Record<Match['kind'], { readonly says: Says; readonly last: boolean }>> = {
  hit: { says: 'hit', last: false },
  nofail: { says: 'nofail', last: false },
  gained: { says: 'gained', last: false },
  forget: { says: 'nofail', last: true },
  lastHit: { says: 'hit', last: true },
  lastNofail: { says: 'nofail', last: true },
  lastGained: { says: 'gained', last: true },
};

/** With the fields of the line. What was told of before is not told of again. */
function mergedWith(before: Fail2banSession, match: Match, says: Says, known: boolean): Fail2banSession {
  const pending = before.pending && says !== 'gained';
  const user = match.user.slice(0, longestUser);
  const isNew = user !== '' && !before.users.includes(user) && before.users.length < mostUsers;
  const users = isNew ? [...before.users, user] : before.users;
  return {
    ...before,
    ...hostOf(before, match),
    user: user || before.user,
    users,
    pending,
    matches: known && !before.nofail && !pending ? 0 : before.matches,
  };
}

function hostOf(before: Fail2banSession, match: Match): Pick<Fail2banSession, 'host' | 'precedence'> {
  const precedence = precedenceOf(match);
  return match.host !== '' && precedence >= before.precedence
    ? { host: match.host, precedence }
    : { host: before.host, precedence: before.precedence };
}

/**
 * Whichever lines of a session name them, fail2ban takes an id before any address, an IPv4 address before an IPv6 one, and
 * both before a name. What its expressions take for an address need not be one: 999.1.1.1.
 */
function precedenceOf({ host, fields }: Match): number {
  if (fields.includes('"fid":')) return 3;
  if (host.includes(':')) return 1;
  return /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?$/.test(host) ? 2 : 0;
}

/** What becomes of the session, and whether it counts now. */
function settled(
  session: Fail2banSession,
  says: Says,
  last: boolean,
): { session: Fail2banSession; counts: boolean } {
  const counts = says === 'hit' || session.pending || session.users.length > 1;
  if (counts) {
    const matches = session.held + session.matches + 1;
    return { session: { ...session, nofail: false, held: 0, matches }, counts };
  }
  return { session: { ...session, nofail: true, held: session.held + (last ? 0 : 1) }, counts };
}
