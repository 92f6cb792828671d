import path from 'node:path';
import { execa } from 'execa';
import { folderOf } from './folder.ts';

export interface CommandLine {
  /** Behind `bailiff`. */
  readonly args: readonly string[];
  /** false: it is only read, not done. */
  readonly act: boolean;
}

export interface CommandOutcome {
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly exitCode: number;
  /** The code of the error; '' where there was none. */
  readonly error: string;
}

interface CommandLinesOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** On a terminal of 200 columns (by script(1)). */
  readonly terminal?: boolean;
}

/** What is compiled once need not be again, as for unit tests (scripts/test). */
export const compiled = path.join(import.meta.dirname, '../../node_modules/.cache/compiled');

const driver = path.join(import.meta.dirname, 'many-commands.ts');

/** Command lines in one process, those that are done first; what became of each, in the order they came in. */
export async function runCommandLines(
  lines: readonly CommandLine[],
  { environment, cwd, terminal = false }: CommandLinesOptions,
): Promise<CommandOutcome[]> {
  const list = path.join(folderOf({ list: JSON.stringify(lines) }), 'list');
  const command = [process.execPath, driver, list].map((word) => `'${word}'`).join(' ');
  // Both outputs through one pipe, so that they stay in their order.
  const [file, ...args] = terminal
    ? (['script', '-qec', `stty cols 200 rows 50; exec ${command}`, '/dev/null'] as const)
    : (['sh', '-c', `exec ${command} 2>&1`] as const);
  const { stdout } = await execa(file, args, {
    cwd,
    reject: false,
    env: { NODE_COMPILE_CACHE: compiled, ...environment, ...(terminal && { TERM: 'xterm', NO_COLOR: '' }) },
  });
  // A terminal makes two characters of a line end.
  const text = terminal ? stdout.replaceAll('\r\n', '\n') : stdout;
  return lines.map(({ args: words }, number) => {
    const [, output, code, error = ''] =
      new RegExp(`^<<< ${number}\n([\\s\\S]*?)\n>>> ${number} (\\d+) (.*)$`, 'm').exec(text) ?? [];
    if (output === undefined)
      throw new Error(`bailiff ${words.join(' ')} did not end:\n${text.slice(-2_000)}`);
    return { output, exitCode: Number(code), error };
  });
}
