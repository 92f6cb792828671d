import type { AllowAnswer, DisallowAnswer, NeverBanned } from '../control/protocol.ts';
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
  readonly all?: true;
  readonly json?: true;
}

/** `allow` lists (`--all`: by every rule), `allow ADDRESS` adds, `allow --remove ADDRESS` takes away. Returns the exit code. */
export async function allowCommand({ address, remove, all, json, for: span }: AllowOptions): Promise<0 | 1> {
  if (all && (address !== undefined || remove || span !== undefined))
    throw new BailiffError('usage', '--all lists, and takes nothing beside it');
  if (address === undefined) {
    if (remove || span !== undefined) throw new BailiffError('usage', 'name the address, too');
    if (all) return listAll(await daemon().neverBanned(), json === true);
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
    printLine('Nobody is allowed by hand. (Who is never banned by other rules: `bailiff allow --all`.)');
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

function listAll(entries: readonly NeverBanned[], json: boolean): 0 {
  if (json) printJson(entries);
  else
    printTable(
      ['ADDRESS', 'NOT BANNED BY', 'WHY'],
      entries.map(({ address, jail, reason }) => [address, jail ?? 'anybody', reason]),
    );
  return 0;
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
