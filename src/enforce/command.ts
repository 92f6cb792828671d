import { execa } from 'execa';

/** What a command answered. Never thrown: callers judge it. */
export interface CommandResult {
  readonly ok: boolean;
  /** The program is not on this machine. */
  readonly missing: boolean;
  readonly output: string;
  /** Its own words on what went wrong, in one line; '' when it did well. */
  readonly complaint: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** A packet filter command that takes longer than this (ms) is stuck and is ended. */
const longestRun = 15_000;

/** The packet filter's programs stand in sbin, which a service's PATH may lack; their words must be English. */
export const commandEnvironment: Readonly<Record<string, string>> = {
  PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
  LC_ALL: 'C',
};

/** Runs one program to its end, without a shell. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file, args, {
    reject: false,
    env: commandEnvironment,
    timeout: longestRun,
    input: options.input ?? '',
    stripFinalNewline: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  return {
    ok: !result.failed,
    missing: result.code === 'ENOENT',
    output: result.stdout ?? '',
    complaint: result.failed ? oneLine(result.stderr ?? '') || oneLine(result.shortMessage ?? '') : '',
  };
}

/** Whether a packet filter's program was refused for lack of rights. */
export function isLackOfRights(complaint: string): boolean {
  return /not permitted|permission denied/i.test(complaint);
}

/** What to say of it, with the remedy. */
export function describeLackOfRights(complaint: string): string {
  return `no right to change the packet filter (${complaint}); run as root with the capability NET_ADMIN`;
}

/** A program's complaint on one line, of bounded length, without its advice to read the manual. */
export function oneLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('Try `') && !line.startsWith('# Warning'))
    .join('; ')
    .slice(0, 400);
}
