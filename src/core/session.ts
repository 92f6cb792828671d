import { OpenSessions } from './open-sessions.ts';
import type { Match } from './types.ts';

/** Scopes kept; the one used least recently goes first. */
const mostScopes = 1_000;

/** What the lines of one session have said so far. */
export interface Session {
  readonly host: string;
  readonly user: string;
  /** Attempts that still wait for a line that names the address. */
  readonly pending: number;
  /** Seconds. */
  readonly time: number;
}

/** An attempt as the jails count it: the match with what its session knew. */
export interface Attempt {
  readonly host: string;
  readonly user: string;
  readonly time: number;
  /** Matches merged into this one. */
  readonly attempts: number;
  /** All names that were tried in its session, where these are kept. */
  readonly users?: readonly string[];
}

/** The stored form: scope, key and the session's fields. */
export type PackedSessions = readonly (readonly [scope: string, key: string, session: Session])[];

/**
 * Merges the lines of one connection (a process id, a request id), where a service spreads them: one
 * line names the address, another the failure. A scope is one source and one filter.
 */
export class Sessions {
  readonly #scopes = new Map<string, OpenSessions<Session>>();
  /** The scope that was used last: mostly the next one, too. */
  #latest: { readonly scope: string; readonly sessions: OpenSessions<Session> } | null = null;
  #changed = false;

  /** What the match amounts to: an attempt to count, or null where it only changed its session. */
  merge(scope: string, match: Match): Attempt | null {
    if (match.session === '') return match.kind === 'hit' ? attempt(match, match.host, match.user, 1) : null;
    const sessions = this.#scope(scope);
    if (match.kind === 'forget' || match.kind === 'gained') {
      if (sessions.delete(match.session)) this.#changed = true;
      return null;
    }
    const known = sessions.known(match.session, match.time);
    const host = match.host || (known?.host ?? '');
    const user = match.user || (known?.user ?? '');
    const pending = (known?.pending ?? 0) + (match.kind === 'hit' ? 1 : 0);
    const due = host === '' ? 0 : pending;
    this.#changed = true;
    sessions.keep(match.session, { host, user, pending: pending - due, time: match.time });
    return due > 0 ? attempt(match, host, user, due) : null;
  }

  /** Whether anything changed since the last call: the checkpoint writes sessions only then. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  pack(): PackedSessions {
    return [...this.#scopes].flatMap(([scope, sessions]) =>
      [...sessions].map(([key, session]) => [scope, key, session] as const),
    );
  }

  unpack(packed: PackedSessions): void {
    for (const [scope, key, session] of packed) this.#scope(scope).restore(key, { ...session });
  }

  #scope(scope: string): OpenSessions<Session> {
    if (this.#latest?.scope === scope) return this.#latest.sessions;
    const sessions = this.#scopes.get(scope) ?? new OpenSessions<Session>();
    this.#scopes.delete(scope);
    this.#scopes.set(scope, sessions);
    const [stalest] = this.#scopes.keys();
    if (this.#scopes.size > mostScopes && stalest !== undefined) this.#scopes.delete(stalest);
    this.#latest = { scope, sessions };
    return sessions;
  }
}

function attempt(match: Match, host: string, user: string, attempts: number): Attempt | null {
  return host === '' ? null : { host, user, time: match.time, attempts };
}
