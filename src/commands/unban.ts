import { BailiffError } from '../core/errors.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

export interface UnbanOptions {
  readonly address?: string;
  readonly jail?: string;
  readonly all?: true;
  readonly json?: true;
}

/**
 * Letting in who is not shut out is no error: what was asked for holds. Where the ban of a wider range
 * still holds, it does not, and the exit code is 1. Returns the exit code.
 */
export async function unbanCommand(options: UnbanOptions): Promise<0 | 1> {
  const { address, jail, all, json } = options;
  if ((address === undefined) === (all === undefined)) {
    throw new BailiffError('usage', 'name one address, or --all');
  }
  if (all && jail !== undefined) throw new BailiffError('usage', '--all takes no --jail');
  const command = address === undefined ? ({ all: true } as const) : { address, ...(jail && { jail }) };
  const answer = await daemon().unban(command);
  const failed = answer.covering.length > 0 ? 1 : 0;
  if (json) {
    printJson(answer);
    return failed;
  }
  for (const ban of answer.unbanned) printLine(`${ban.address} is let in again (jail ${ban.jail}).`);
  for (const ban of answer.covering) {
    printLine(`${address} is still shut out: it lies in ${ban.address}, banned by jail ${ban.jail}.`);
    printLine(`  To let in all of that range: bailiff unban ${ban.address}`);
  }
  if (failed)
    printLine(`  To let it in, and keep ranges around it from being banned: bailiff allow ${address}`);
  if (answer.unbanned.length === 0 && failed === 0) {
    printLine(all ? 'Nobody was banned.' : `${address} was not banned.`);
  }
  return failed;
}
