import { daemon } from './daemon.ts';
import { printable, printJson, printLine, printWarning } from './output.ts';

/**
 * Has the daemon read its configuration again. Prints what has changed, or what is wrong as `bailiff check` does.
 * Returns the exit code: 1 where it was refused.
 */
export async function reloadCommand({ json }: { json?: true }): Promise<0 | 1> {
  const answer = await daemon().reload();
  const { applied, changes, restart, errors } = answer;
  if (json) printJson(answer);
  else if (applied) {
    if (changes.length + restart.length === 0) printLine('Nothing has changed.');
    for (const change of changes) printLine(printable(change));
    for (const option of restart) printLine(`needs a restart: ${printable(option)}`);
  } else {
    printWarning('the configuration was not reloaded, and the one before holds:');
    for (const { text } of errors) for (const line of text.split('\n')) printLine(printable(line));
  }
  return applied ? 0 : 1;
}
