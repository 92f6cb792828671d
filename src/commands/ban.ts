import { formatDuration } from '../core/duration.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

export interface BanOptions {
  readonly address: string;
  readonly jail?: string;
  readonly for?: string;
  readonly json?: true;
}

export async function banCommand({ json, ...command }: BanOptions): Promise<void> {
  const answer = await daemon().ban(command);
  if (json) return printJson(answer);
  const { ban, outcome, enforced, stored } = answer;
  const left = formatDuration(ban.until === null ? null : ban.until - Date.now() / 1000);
  const how = outcome === 'already' ? 'was banned already, and stays so for' : 'is banned for';
  printLine(`${ban.address} ${how} ${left} (jail ${ban.jail}).`);
  if (!stored)
    printLine('But it cannot be stored, and a restart would forget it: `bailiff status` says why.');
  if (!enforced) printLine('But nothing is enforced: `bailiff status` says why.');
}
