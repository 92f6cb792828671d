import { effectiveValues, fromDefaults } from '../config/effective.ts';
import type { LoadOptions } from '../config/load.ts';
import { printJson, printLine, printTable } from './output.ts';

/**
 * `bailiff config show`: what holds, and where it comes from. Of a jail, people are shown what is not as in `defaults`.
 * @throws ConfigurationErrors
 */
export async function configShowCommand({ json, ...options }: LoadOptions & { json?: true }): Promise<void> {
  const values = await effectiveValues(options);
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
  printLine('What a jail does not have here is as in defaults. Jails of containers: `bailiff status`.');
}
