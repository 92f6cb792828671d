import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlClient } from '../control/client.ts';
import type { Status } from '../control/protocol.ts';
import { parseDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { printBans, publicForm } from './banned.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';
import { printJails, printSource, printStatus } from './status-view.ts';

export interface StatusOptions {
  readonly jail?: string;
  readonly check?: true;
  /** A duration: until all holds that should, at most so long. */
  readonly wait?: string;
  readonly json?: true;
}

/** Between two looks, in ms. */
const lookMs = 200;

/** `status`, or `status JAIL`: that jail alone, and whom it bans. Returns the exit code. */
export async function statusCommand(options: StatusOptions): Promise<0 | 1> {
  const client = daemon();
  const status =
    options.wait === undefined
      ? await client.status()
      : await readyWithin(client, parseDuration(options.wait));
  if (options.jail !== undefined) await showJail(client, status, options.jail, options.json === true);
  else if (options.json) printJson(status);
  else printStatus(status);
  const checks = options.check || options.wait !== undefined;
  return checks && !status.ready ? 1 : 0;
}

/** The status as soon as all holds that should, or after so many seconds. @throws BailiffError daemon-unreachable */
async function readyWithin(client: ControlClient, seconds: number): Promise<Status> {
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const status = await client.status().catch(() => null);
    if (status?.ready) return status;
    await sleep(lookMs);
  }
  return client.status();
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
