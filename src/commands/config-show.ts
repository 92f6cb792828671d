import { effectiveValues, fromDefaults } from '../config/effective.ts';
import { type LabelJail, labelJailValues } from '../config/effective-labels.ts';
import type { LoadOptions } from '../config/load.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';

/**
 * `bailiff config show`: what holds, and where it comes from. Of a jail, people are shown what is not as in `defaults`.
 * @throws ConfigurationErrors
 */
export async function configShowCommand({ json, ...options }: LoadOptions & { json?: true }): Promise<void> {
  const configured = await effectiveValues(options);
  // The daemon's own configuration alone has jails of containers.
  const jails = options.file === undefined ? await labelJails() : null;
  const values = [...configured, ...(jails ?? []).flatMap((jail) => labelJailValues(jail, configured))];
  if (json) {
    printJson(values.map(({ key, value, origin }) => ({ key, value, origin })));
    return;
  }
  const shown = values.filter(({ key, text, origin }) => {
    if (!key.startsWith('jails.')) return true;
    return !origin.startsWith(fromDefaults) && (origin !== 'default' || text !== 'none');
  });
  printTable(
    ['OPTION', 'FROM', 'VALUE'],
    shown.map(({ key, text, origin }) => [key, origin, text]),
  );
  printLine();
  printLine('What a jail does not have here is as in defaults.');
  if (jails === null)
    printLine('Jails that labels of containers ask for are known to the running daemon alone.');
}

/** null: there is nobody to ask. */
async function labelJails(): Promise<readonly LabelJail[] | null> {
  try {
    return (await daemon().jails()).filter(({ origin }) => origin === 'labels');
  } catch {
    return null;
  }
}
