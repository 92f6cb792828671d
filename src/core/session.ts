import { type Fail2banSession, Fail2banSessions } from './fail2ban-sessions.ts';
import type { FilterDefinition } from './filter.ts';
import { OpenSessions } from './open-sessions.ts';
import type { Attempt, SessionMerger } from './session-merger.ts';
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

/** How the lines of one filter's sessions are merged: as ours say it, or as fail2ban does. */
export type Merging = 'native' | 'fail2ban';

export function mergingOf(kind: FilterDefinition['kind']): Merging {
  return kind === 'fail2ban' ? 'fail2ban' : 'native';
}

/** The stored form: scope, key, the session's fields, and how it was merged (absent: `native`). */
export type PackedSessions = readonly (
  | readonly [scope: string, key: string, session: Session, merging?: 'native']
  | readonly [scope: string, key: string, session: Fail2banSession, merging: 'fail2ban']
)[];

type Scope =
  | { readonly merging: 'native'; readonly sessions: SessionMerger<Session> }
  | { readonly merging: 'fail2ban'; readonly sessions: SessionMerger<Fail2banSession> };

/**
 * Merges the lines of one connection (a process id, a request id), where a service spreads them: one
 * line names the address, another the failure. A scope is one source and one filter.
 */
export class Sessions {
  readonly #scopes = new Map<string, Scope>();
  /** The scope that was used last: mostly the next one, too. */
  #latest: { readonly name: string; readonly scope: Scope } | null = null;
  #changed = false;

  /** What the match amounts to: an attempt to count, or null where it only changed its session. */
  merge(scope: string, match: Match, merging: Merging = 'native'): Attempt | null {
    if (match.session !== '') this.#changed = true;
    return this.#scope(scope, merging).sessions.merge(match);
  }

  /** Whether anything changed since the last call: the checkpoint writes sessions only then. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  pack(): PackedSessions {
    return [...this.#scopes].flatMap(
      ([name, scope]): PackedSessions =>
        scope.merging === 'native'
          ? [...scope.sessions.pack()].map(([key, session]) => [name, key, session, 'native'])
          : [...scope.sessions.pack()].map(([key, session]) => [name, key, session, 'fail2ban']),
    );
  }

  unpack(packed: PackedSessions): void {
    for (const [name, key, session, merging = 'native'] of packed) {
      const scope = this.#scope(name, merging);
      scope.sessions.restore(key, session as Session & Fail2banSession);
    }
  }

  #scope(name: string, merging: Merging): Scope {
    if (this.#latest?.name === name && this.#latest.scope.merging === merging) return this.#latest.scope;
    const known = this.#scopes.get(name);
    const scope = known?.merging === merging ? known : newScope(merging);
    this.#scopes.delete(name);
    this.#scopes.set(name, scope);
    const [stalest] = this.#scopes.keys();
    if (this.#scopes.size > mostScopes && stalest !== undefined) this.#scopes.delete(stalest);
    this.#latest = { name, scope };
    return scope;
  }
}

function newScope(merging: Merging): Scope {
  return merging === 'native'
    ? { merging, sessions: new NativeSessions() }
    : { merging, sessions: new Fail2banSessions() };
}

/** The sessions of our own filters' lines. */
class NativeSessions implements SessionMerger<Session> {
  readonly #open = new OpenSessions<Session>();

  merge(match: Match): Attempt | null {
    if (match.session === '') return match.kind === 'hit' ? attempt(match, match.host, match.user, 1) : null;
    if (match.kind === 'forget' || match.kind === 'gained') {
      this.#open.delete(match.session);
      return null;
    }
    const known = this.#open.known(match.session, match.time);
    const host = match.host || (known?.host ?? '');
    const user = match.user || (known?.user ?? '');
    const pending = (known?.pending ?? 0) + (match.kind === 'hit' ? 1 : 0);
    const due = host === '' ? 0 : pending;
    this.#open.keep(match.session, { host, user, pending: pending - due, time: match.time });
    return due > 0 ? attempt(match, host, user, due) : null;
  }

  pack(): Iterable<readonly [key: string, session: Session]> {
    return this.#open;
  }

  restore(key: string, session: Session): void {
    this.#open.restore(key, { ...session });
  }
}

function attempt(match: Match, host: string, user: string, attempts: number): Attempt | null {
  return host === '' ? null : { host, user, time: match.time, attempts };
}
