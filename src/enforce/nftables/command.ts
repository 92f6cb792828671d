import { type CommandResult, runCommand } from '../command.ts';

export const family = 'inet';
/** The one table that is ours; everything in it is. */
export const table = `${family} bailiff`;

/**
 * Runs `nft` once, to its end. Commands are arguments, which nft puts together with blanks: its stdin would be a
 * socket, as Node makes it, and `nft -f -` before 1.0 cannot open that. An argument has up to 128 KiB.
 * The result's `complaint` is nft's own word for what went wrong, without the line it stood in.
 */
export type RunNft = (args: readonly string[], signal?: AbortSignal) => Promise<CommandResult>;

/** A program and the arguments before nft's own. */
export type NftCommand = readonly [string, ...string[]];

export function nftRunner([file, ...before]: NftCommand): RunNft {
  return async (args, signal) => {
    const result = await runCommand(file, [...before, ...args], signal === undefined ? {} : { signal });
    return { ...result, complaint: errorIn(result.complaint) || result.complaint };
  };
}

/** What nft complains of in a text, which may go on with the command itself and an underline; '' where of nothing. */
export function errorIn(text: string): string {
  return /Error: ([^\n;]*)/.exec(text)?.[1]?.trim() ?? '';
}

/** Whether nft means that the table or set it should change is not there. */
export function isAbsence(complaint: string): boolean {
  return complaint.includes('No such file or directory');
}
