import { importFail2ban } from '../config/fail2ban-import.ts';
import { writeNew } from './new-file.ts';
import { printError, printJson, printLine, printText, printWarning } from './output.ts';

export interface ImportConfigOptions {
  /** fail2ban's configuration directory. */
  readonly dir: string;
  /** The file to write; absent: standard output. */
  readonly output?: string;
  readonly json?: true;
  /** Filters of ours. */
  readonly nativeFilters: readonly string[];
}

/**
 * `bailiff import DIR`: writes bailiff.yaml for it. Returns the exit code: 1 where a jail had to be left out.
 * @throws ConfigurationErrors where no jail can be read; BailiffError import-unwritable
 */
export async function importConfigCommand(options: ImportConfigOptions): Promise<0 | 1> {
  const { dir, output, json, nativeFilters } = options;
  const { yaml, jails, problems, remarks } = importFail2ban(dir, nativeFilters);
  if (output !== undefined) await writeNew(output, yaml, 0o644);
  if (json) {
    const errors = problems.map(({ code, where, message, remedy }) => ({ code, where, message, remedy }));
    printJson({ jails, errors, remarks, ...(output === undefined ? { yaml } : { output }) });
  } else if (output === undefined) printText(yaml);
  else printLine(`${output} is written: see it, then try it with \`bailiff check --config ${output}\`.`);
  // Beside the file on standard output, or for who reads no JSON.
  for (const problem of problems) printError(problem, false);
  if (!json) printWarning(summary(jails.length, problems.length, remarks.length));
  return problems.length === 0 ? 0 : 1;
}

function summary(jails: number, problems: number, remarks: number): string {
  const counts = `jails: ${jails}; what is otherwise than in fail2ban: ${remarks}`;
  return problems === 0 ? counts : `${counts}; errors: ${problems}, and what they name is left out`;
}
