import { BailiffError } from '../core/errors.ts';
import { readTextFile } from './file.ts';
import { secretVariableOf } from './option-names.ts';
import { plain } from './show.ts';

/** What the files hold that variables such as BAILIFF_MAIL_PASSWORD_FILE name, by these variables. */
export interface SecretFiles {
  readonly secrets: ReadonlyMap<string, string>;
  readonly errors: readonly BailiffError[];
}

/** Reads each file once, and cuts the line end that editors put behind the last line. Never throws. */
export function readSecretFiles(environment: NodeJS.ProcessEnv): SecretFiles {
  const secrets = new Map<string, string>();
  const errors: BailiffError[] = [];
  for (const fileVariable of Object.keys(environment).sort()) {
    const variable = secretVariableOf(fileVariable);
    const path = environment[fileVariable]?.trim() ?? '';
    if (variable === undefined || path === '') continue;
    try {
      if ((environment[variable]?.trim() ?? '') !== '')
        throw invalid(fileVariable, `${variable} is set as well`, 'Set one of the two.');
      secrets.set(fileVariable, readSecret(path, fileVariable));
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      errors.push(error);
    }
  }
  return { secrets, errors };
}

function readSecret(path: string, fileVariable: string): string {
  const text = readText(path, fileVariable);
  const secret = text?.replace(/\r?\n$/, '');
  if (secret === undefined) throw unreadable(path, fileVariable, 'no such file');
  if (secret === '') throw unreadable(path, fileVariable, 'is empty');
  return secret;
}

function readText(path: string, fileVariable: string): string | null {
  try {
    return readTextFile(path);
  } catch (error) {
    if (!(error instanceof BailiffError)) throw error;
    throw unreadable(path, fileVariable, error.message);
  }
}

function unreadable(path: string, where: string, problem: string): BailiffError {
  return new BailiffError('config-unreadable', `${plain(path)}: ${problem}`, {
    where,
    remedy: 'It must be a file that Bailiff can read and that holds the secret alone.',
  });
}

function invalid(where: string, message: string, remedy: string): BailiffError {
  return new BailiffError('config-invalid', message, { where, remedy });
}
