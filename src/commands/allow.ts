import type { AllowAnswer, DisallowAnswer } from '../control/protocol.ts';
import { formatDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { localTime } from '../core/local-time.ts';
import type { AllowedAddress } from '../core/types.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';

export interface AllowOptions {
  readonly address?: string;
  readonly for?: string;
  readonly remove?: true;
  readonly json?: true;
}

/** `allow` lists, `allow ADDRESS` adds, `allow --remove ADDRESS` takes away. Returns the exit code. */
export async function allowCommand({ address, remove, json, for: span }: AllowOptions): Promise<0 | 1> {
  if (address === undefined) {
    if (remove || span !== undefined) throw new BailiffError('usage', 'name the address, too');
    const entries = await daemon().allowed();
    if (json) printJson(entries);
    else printAllowed(entries);
    return 0;
  }
  if (remove && span !== undefined) throw new BailiffError('usage', '--remove takes no --for');
  if (remove) return removed(address, await daemon().disallow(address), json === true);
  const answer = await daemon().allow({ address, ...(span !== undefined && { for: span }) });
  if (json) printJson(answer);
  else describe(answer);
  return 0;
}

function printAllowed(entries: readonly AllowedAddress[]): void {
  if (entries.length === 0) {
    printLine('Nobody is allowed by hand. (Ignore lists of the configuration: `bailiff config show`.)');
    return;
  }
  const now = Date.now() / 1000;
  printTable(
    ['ADDRESS', 'SINCE', 'LEFT'],
    entries.map(({ address, since, until }) => [
      address,
      localTime(since),
      formatDuration(until === null ? null : until - now),
    ]),
  );
}

function describe({ allowed: { address, until }, unbanned, stored }: AllowAnswer): void {
  printLine(
    `${address} is not banned by anybody${until === null ? '' : ` until ${localTime(until)}`}, and is let in.`,
  );
  for (const ban of unbanned) printLine(`The ban of ${ban.address} has ended (jail ${ban.jail}).`);
  sayUnstored(stored);
}

/** 1 where it must not be banned all the same: what was asked for does not hold. */
function removed(named: string, answer: DisallowAnswer, json: boolean): 0 | 1 {
  const code = answer.protected === null ? 0 : 1;
  if (json) {
    printJson(answer);
    return code;
  }
  for (const { address } of answer.removed) printLine(`${address} is not allowed by hand any more.`);
  if (answer.removed.length === 0) printLine(`${named} was not allowed by hand.`);
  if (answer.protected !== null) printLine(`It is never banned all the same: ${answer.protected}.`);
  if (answer.removed.length > 0) sayUnstored(answer.stored);
  return code;
}

function sayUnstored(stored: boolean): void {
  if (!stored) printLine('But this cannot be stored, and a restart undoes it: `bailiff status` says why.');
}
