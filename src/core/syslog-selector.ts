import { matchesWildcard } from './wildcard.ts';

/** Which syslog messages a jail reads, and how: `sshd*`, `dropbear@router`, `message:web`. */
export interface SyslogSelector {
  /** Wildcards. */
  readonly program: string;
  readonly host: string;
  /** Whether the text alone is judged, without the host and the program before it. */
  readonly messageOnly: boolean;
}

const form = /^(message:)?([\x21-\x3f\x41-\x7e]{1,128})(?:@([\x21-\x3f\x41-\x7e]{1,255}))?$/;

/** Reads a selector, or returns null. */
export function parseSyslogSelector(text: string): SyslogSelector | null {
  const match = form.exec(text);
  if (match === null) return null;
  return { program: match[2] ?? '', host: match[3] ?? '*', messageOnly: match[1] !== undefined };
}

/** Whether a message of this program and host (as the message says) is meant. A program that is not named is `-`. */
export function selectsMessage(selector: SyslogSelector, program: string, host: string): boolean {
  return matchesWildcard(selector.program, program) && matchesWildcard(selector.host, host);
}
