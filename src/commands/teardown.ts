import { BailiffError } from '../core/errors.ts';
import { systemClock } from '../core/types.ts';
import { removeAll } from '../enforce/teardown.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

/**
 * Takes everything of Bailiff out of the kernel: through the daemon where one runs, since it would put it
 * back, else directly. Returns the exit code: 1 where something had to be left.
 */
export async function teardownCommand({ json }: { json?: true }): Promise<0 | 1> {
  const { removed, problems, running } = await tearDown();
  if (json) printJson({ removed, problems });
  else {
    for (const problem of problems) printLine(`Left in place: ${problem}`);
    if (removed.length > 0 || problems.length === 0)
      printLine(
        removed.length === 0
          ? 'Nothing of Bailiff was there.'
          : `Taken away: what ${removed.join(', ')} had made.`,
      );
    if (running)
      printLine('The daemon runs on and enforces nothing. Stop it, or restart it to enforce again.');
  }
  return problems.length === 0 ? 0 : 1;
}

async function tearDown() {
  try {
    return { ...(await daemon().teardown()), running: true };
  } catch (error) {
    if (!(error instanceof BailiffError) || error.code !== 'daemon-unreachable') throw error;
    return { ...(await removeAll({ clock: systemClock })), running: false };
  }
}
