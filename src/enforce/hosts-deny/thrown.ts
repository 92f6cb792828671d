import { BailiffError } from '../../core/errors.ts';

/** Whether something thrown is a system error of one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}

/** What happened and what to do about it, where one line is all the room there is. */
export function inOneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof BailiffError ? error.remedy : undefined;
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
