import type { ControlClient } from '../control/client.ts';
import type { Status } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import { printBans, publicForm } from './banned.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';
import { printJails, printSource, printStatus } from './status-view.ts';

export interface StatusOptions {
  readonly jail?: string;
  readonly check?: true;
  readonly json?: true;
}

/** `status`, or `status JAIL`: that jail alone, and whom it bans. Returns the exit code. */
export async function statusCommand(options: StatusOptions): Promise<0 | 1> {
  const client = daemon();
  const status = await client.status();
  if (options.jail !== undefined) await showJail(client, status, options.jail, options.json === true);
  else if (options.json) printJson(status);
  else printStatus(status);
  return options.check && !status.ready ? 1 : 0;
}

async function showJail(client: ControlClient, status: Status, jail: string, json: boolean): Promise<void> {
  const found = status.jails.find(({ name }) => name === jail);
  if (found === undefined) {
    const names = status.jails.map(({ name }) => name).join(', ');
    throw new BailiffError('jail-not-found', `there is no jail "${jail}"`, {
      remedy: `The jails are: ${names}.`,
    });
  }
  const banned = (await client.bans()).filter((ban) => ban.jail === jail);
  const findings = status.findings.filter((each) => each.jail === jail);
  if (json) return printJson({ ...found, findings, banned: banned.map(publicForm) });
  printJails([found]);
  if (found.forgeable !== null)
    printLine(`  ! Clients can write lines of this log with any address: ${found.forgeable}.`);
  printLine();
  for (const source of status.sources.filter(({ jails }) => jails.includes(jail))) printSource(source);
  for (const { page, remedies } of findings) {
    printLine(`  What may stand in front, and what to do (${page}):`);
    for (const { behind, remedy } of remedies) printLine(`    ${behind}: ${remedy}`);
  }
  printLine();
  if (banned.length === 0) printLine('Nobody is banned by it.');
  else printBans(banned);
}
