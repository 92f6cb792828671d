import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { python } from './python.ts';

/** A jail as fail2ban's readers print it, and as `plainJail` writes ours. */
export type PlainJail =
  | { readonly enabled: false }
  | { readonly error: string }
  /** fail2ban did not end, or says more than can be told. */
  | { readonly endless: true }
  | {
      readonly enabled: true;
      readonly options: Readonly<Record<string, string>>;
      readonly seconds: Readonly<Record<string, number>>;
      readonly multipliers: readonly number[];
      readonly logpath: readonly (readonly string[])[];
      readonly failregex: readonly string[];
      readonly ignoreregex: readonly string[];
      readonly journalmatch: readonly (readonly string[])[];
      readonly ignoreip: readonly string[];
      readonly usedns?: string;
      readonly maxlines?: string;
      readonly prefregex?: string;
      readonly datepattern?: string;
      readonly actions: Readonly<
        Record<string, { readonly python: boolean; readonly values: Readonly<Record<string, string>> }>
      >;
    };

/** What is said of one directory; an error where fail2ban reads none of it. */
export interface PlainConfiguration {
  readonly error?: string;
  readonly jails?: Readonly<Record<string, PlainJail>>;
}

const script = fileURLToPath(new URL('fail2ban-readers.py', import.meta.url));

/**
 * Asks fail2ban's own readers about directories, `seconds` long at most about each jail. It needs Debian's package fail2ban (test/setup/debian-packages); without
 * it the error says so.
 */
export function askFail2ban(
  folders: readonly string[],
  seconds = 30,
): { version: string; answers: readonly PlainConfiguration[] } {
  const answer = execFileSync(python, [script, String(seconds)], {
    input: folders.map((folder) => `${folder}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  return JSON.parse(answer);
}
