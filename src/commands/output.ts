import { ConfigurationErrors } from '../config/errors.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import { coloured, lineText, type Piece, terminalColumns } from './pieces.ts';
import { jsonText, printable } from './printable.ts';
import { tableLines } from './table.ts';

export { jsonText, printable };

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

let quiet = false;

/** From now on nothing but errors is said. */
export function beQuiet(): void {
  quiet = true;
}

/** Text for a file or another program, as it is, on standard output. */
export function printText(text: string): void {
  if (!quiet) process.stdout.write(text);
}

/** One JSON value on standard output. */
export function printJson(value: unknown): void {
  printText(`${jsonText(value)}\n`);
}

/** One line. What a terminal would act upon is made visible, line ends too. */
export function printLine(...pieces: readonly Piece[]): void {
  printText(`${lineText(pieces, coloured())}\n`);
}

/** What a person should know beside the result, on standard error. */
export function printWarning(text: string): void {
  if (!quiet) process.stderr.write(`bailiff: ${messageText(text)}\n`);
}

/** An error for a person on standard error; with --json also as one JSON value on standard output. */
export function printError(error: unknown, json: boolean): void {
  const errors = error instanceof ConfigurationErrors ? error.errors : [error];
  if (json) printJson({ errors: errors.map(asJson) });
  for (const one of errors) process.stderr.write(`bailiff: ${messageText(messageOf(one))}\n`);
  if (!(errors[0] instanceof BailiffError) && process.env['BAILIFF_LOG_LEVEL'] === 'debug') {
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  }
}

/** A message has line ends of its own: its remedy stands on a line below. */
export function messageText(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function asJson(error: unknown): unknown {
  if (!(error instanceof BailiffError)) return { code: 'internal', message: messageOf(error) };
  const { code, message, where, remedy } = error;
  return { code, message, where, remedy };
}

/** Rows under a heading, in columns wide enough for them; on a terminal a row is one line of it. */
export function printTable(heading: readonly string[], rows: readonly (readonly Piece[])[]): void {
  for (const line of tableLines(heading, rows, terminalColumns())) printLine(...line);
}
