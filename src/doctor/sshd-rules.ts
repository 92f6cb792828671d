/** What of sshd_config(5) makes it easier to break in, or harder for Bailiff to see who tries. */
export interface SshdRule {
  readonly option: string;
  /** Its other names, in lower case: sshd takes the first of all of them. */
  readonly alsoCalled?: readonly string[];
  /** OpenSSH's default. */
  readonly usual: string;
  /** Of the value, in lower case. */
  readonly isWeak: (value: string) => boolean;
  /** Another setting without which it does nothing. */
  readonly onlyWith?: { readonly option: string; readonly usual: string; readonly value: string };
  readonly level: 'warning' | 'problem';
  /** What follows from a weak value. */
  readonly means: string;
  readonly better: string;
  /** What to see to before it is changed. */
  readonly first?: string;
}

const isYes = (value: string): boolean => value === 'yes';

const keysFirst = 'first see that you can log in with a key';

export const sshdRules: readonly SshdRule[] = [
  {
    option: 'PermitRootLogin',
    usual: 'prohibit-password',
    isWeak: isYes,
    level: 'warning',
    means: 'root may log in with a password',
    better: 'prohibit-password',
    first: keysFirst,
  },
  {
    option: 'PasswordAuthentication',
    usual: 'yes',
    isWeak: isYes,
    level: 'warning',
    means: 'passwords can be guessed',
    better: 'no',
    first: keysFirst,
  },
  {
    option: 'KbdInteractiveAuthentication',
    alsoCalled: ['challengeresponseauthentication', 'skeyauthentication'],
    usual: 'yes',
    isWeak: isYes,
    onlyWith: { option: 'UsePAM', usual: 'no', value: 'yes' },
    level: 'warning',
    means: 'passwords can be guessed by way of PAM, whatever PasswordAuthentication says',
    better: 'no',
    first: keysFirst,
  },
  {
    option: 'PermitEmptyPasswords',
    usual: 'no',
    isWeak: isYes,
    level: 'problem',
    means: 'whoever has no password is open to everybody',
    better: 'no',
  },
  {
    option: 'MaxAuthTries',
    usual: '6',
    isWeak: (value) => Number(value) > 6,
    level: 'warning',
    means: 'one connection may try many passwords',
    better: '6',
  },
  {
    option: 'LoginGraceTime',
    usual: '120',
    isWeak: (value) => secondsOf(value) === 0 || secondsOf(value) > 120,
    level: 'warning',
    means: 'connections without a login are kept for long, so that few of them fill MaxStartups',
    better: '60',
  },
  {
    option: 'UseDNS',
    usual: 'no',
    isWeak: isYes,
    level: 'warning',
    means:
      'the log may name hosts by names of their own choice instead of addresses, and logins wait for DNS',
    better: 'no',
  },
  {
    option: 'LogLevel',
    usual: 'info',
    isWeak: (value) => ['quiet', 'fatal', 'error'].includes(value),
    level: 'problem',
    means: 'failed logins are not logged, so that nobody is banned for them',
    better: 'INFO',
  },
  {
    option: 'LogLevel',
    usual: 'info',
    isWeak: (value) => value.startsWith('debug'),
    level: 'warning',
    means: 'the log grows fast and holds what is private to users (sshd_config(5))',
    better: 'INFO',
  },
];

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** `90`, `2m`, `1h30m` (sshd_config(5), TIME FORMATS); NaN where it is none. */
function secondsOf(text: string): number {
  if (!/^(?:\d+[smhdw]?)+$/.test(text)) return Number.NaN;
  return [...text.matchAll(/(\d+)([smhdw]?)/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (units[unit] ?? 1),
    0,
  );
}
