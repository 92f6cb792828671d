import type { JailStatus, SourceStatus } from '../../src/control/protocol.ts';

/** A source that is well, but for what is given. */
export function sourceOf(given: Partial<SourceStatus> = {}): SourceStatus {
  return {
    id: 'file:/var/log/auth.log',
    state: 'reading',
    detail: '',
    lag: 0,
    lagSeconds: null,
    lines: 10,
    lastLine: 4_000,
    since: 1_000,
    errors: 0,
    restarts: 0,
    lastError: null,
    behind: null,
    silent: null,
    jails: ['sshd'],
    warning: null,
    ...given,
  };
}

export function jailOf(given: Partial<JailStatus> = {}): JailStatus {
  return {
    name: 'sshd',
    filter: 'sshd',
    forgeable: null,
    maxretry: 5,
    findtime: 600,
    bantime: 600,
    hits: 0,
    bans: 0,
    active: 0,
    tracked: 0,
    policy: 'drop',
    ports: 'all',
    ...given,
  };
}
