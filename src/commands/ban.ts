import { createInterface } from 'node:readline/promises';
import type { BanAnswer, BanCommand } from '../control/protocol.ts';
import { formatDuration, parseSpan } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

export interface BanOptions {
  readonly address: string;
  readonly jail?: string;
  readonly for?: string;
  /** A duration: ban for this long first, and on only if the person then confirms it. */
  readonly confirm?: string;
  readonly force?: true;
  readonly json?: true;
}

/** Returns the exit code: 1 where a ban that had to be confirmed was not. */
export async function banCommand({ json, confirm, ...command }: BanOptions): Promise<0 | 1> {
  if (confirm !== undefined) return confirmed(command, confirm, json === true);
  const answer = await daemon().ban(command);
  if (json) printJson(answer);
  else describe(answer);
  return 0;
}

/**
 * A ban that undoes itself: it stands for the trial's time only, in the kernel too, so it ends also when this
 * very ban has cut off whoever made it, or when the daemon dies. Confirming makes it as long as was asked.
 */
async function confirmed(command: BanCommand, trial: string, json: boolean): Promise<0 | 1> {
  const seconds = parseSpan(trial);
  const answer = await daemon().ban({ ...command, for: `${seconds}s` });
  const keep = `bailiff ban ${answer.ban.address}${flag('jail', command.jail)}${flag('for', command.for)}${command.force ? ' --force' : ''}`;
  if (json) {
    printJson({ ...answer, confirm: keep });
    return 0;
  }
  describe(answer);
  if (!process.stdin.isTTY) {
    printLine(`It ends by itself. To keep it, within ${formatDuration(seconds)}: ${keep}`);
    return 0;
  }
  if (!(await asked(seconds))) {
    printLine('Not confirmed: the ban ends by itself.');
    return 1;
  }
  describe(await daemon().ban(command));
  return 0;
}

function flag(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` --${name} ${value}`;
}

/** Whether the person said yes in time. */
async function asked(seconds: number): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const question = `Can you still reach this host? Type yes within ${formatDuration(seconds)} to keep the ban: `;
    const answer = await terminal.question(question, { signal: AbortSignal.timeout(seconds * 1000) });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') {
      printLine();
      return false;
    }
    throw new BailiffError('internal', 'the terminal could not be asked', { cause: error });
  } finally {
    terminal.close();
  }
}

/** What is to be said beside a ban, by how it is enforced. */
export const shortfalls: Readonly<Record<BanAnswer['state'], string | null>> = {
  enforcing: null,
  partial: 'only programs with TCP wrappers shut anybody out',
  degraded: 'not every way is shut',
  'dry-run': 'in a dry run nobody is shut out',
};

function describe({ ban, outcome, state, stored }: BanAnswer): void {
  const left = formatDuration(ban.until === null ? null : ban.until - Date.now() / 1000);
  const how = outcome === 'already' ? 'was banned already, and stays so for' : 'is banned for';
  printLine(`${ban.address} ${how} ${left} (jail ${ban.jail}).`);
  if (!stored)
    printLine('But it cannot be stored, and a restart would forget it: `bailiff status` says why.');
  const shortfall = shortfalls[state];
  if (shortfall !== null) printLine(`But ${shortfall}: \`bailiff status\` says more.`);
}
