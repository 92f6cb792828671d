import { ConfigurationErrors } from '../config/errors.ts';
import { BailiffError, messageOf } from '../core/errors.ts';

/** What is wrong with the words of the command line itself. */
const usageErrors: ReadonlySet<string> = new Set([
  'usage',
  'address-invalid',
  'duration-invalid',
  'filter-mode',
]);

/** 2 for wrong usage, 1 for everything else that went wrong. */
export function exitCode(error: unknown): 1 | 2 {
  return error instanceof BailiffError && usageErrors.has(error.code) ? 2 : 1;
}

/**
 * Text of a log, a label, a client or a file for people's eyes: what moves a terminal's cursor, turns its writing
 * round or cannot be seen at all stands there by its number, such as `\x1b` or `\u{202e}`. So do line ends and tabs.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Controls, formats (the direction marks among them), halves of characters, line ends, and what no font draws. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** JSON in which no character reaches a terminal that `printable` would not let through. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/** One JSON value on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** What a person should know beside the result, on standard error. */
export function printWarning(text: string): void {
  process.stderr.write(`bailiff: ${text}\n`);
}

/** An error for a person on standard error; with --json also as one JSON value on standard output. */
export function printError(error: unknown, json: boolean): void {
  const errors = error instanceof ConfigurationErrors ? error.errors : [error];
  if (json) printJson({ errors: errors.map(asJson) });
  for (const one of errors) process.stderr.write(`bailiff: ${messageOf(one)}\n`);
  if (!(errors[0] instanceof BailiffError) && process.env['BAILIFF_LOG_LEVEL'] === 'debug') {
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  }
}

function asJson(error: unknown): unknown {
  if (!(error instanceof BailiffError)) return { code: 'internal', message: messageOf(error) };
  const { code, message, where, remedy } = error;
  return { code, message, where, remedy };
}

/** Rows under a heading, in columns wide enough for them. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const line of tableLines(heading, rows)) printLine(line);
}

/** The lines of such a table. */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [heading, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
