import { execa } from 'execa';

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly input?: string;
  /** Ends the command after this many ms, which then counts as a failure. */
  readonly timeout?: number;
}

/** Runs a command to its end and returns its standard output. @throws with its output where it fails */
export async function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { stdout } = await execa(file, args, {
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...options,
  });
  return stdout;
}

/** Whether a command succeeds. */
export async function succeeds(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<boolean> {
  const { failed } = await execa(file, args, { stdin: 'ignore', reject: false, ...options });
  return !failed;
}

/** The command line that runs a command inside a network namespace; nothing else changes for it. */
export function inside(namespace: string, file: string, args: readonly string[] = []): [string, string[]] {
  return ['nsenter', [`--net=/run/netns/${namespace}`, file, ...args]];
}

/**
 * Asks again and again until the answer is something else than undefined or false, and returns it.
 * @throws where that takes longer than `seconds`, with the last error
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 20,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  let problem: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > until) {
      throw new Error(
        `not within ${seconds} s: ${what}`,
        problem === undefined ? undefined : { cause: problem },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
