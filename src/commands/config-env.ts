import { environmentEntries } from '../config/environment-list.ts';
import { printJson, printLine } from './output.ts';

/** `bailiff config env`: every variable there is, with what it takes, its default and what it does. */
export function configEnvCommand({ json = false }: { readonly json?: boolean }): void {
  const entries = environmentEntries();
  if (json) {
    printJson(entries);
    return;
  }
  for (const { variable, type, default: fallback, otherwise, description, file } of entries) {
    printLine(variable);
    printLine(`    ${type}; default: ${fallback === '' ? 'none' : (fallback ?? otherwise ?? 'none')}`);
    printLine(`    ${description}`);
    if (file !== null) printLine(`    Or ${file}: a file that holds it, such as a secret of compose.`);
  }
}
