import { type Outcome, type RunOptions, runProgram } from './program.ts';
import type { ShellCommand } from './shell-command.ts';

export interface ShellOptions {
  /** Whether the owner lets us run commands. */
  readonly allowed: boolean;
}

/** The one place that gives a command of the owner's to a shell, and only where the owner has allowed it. */
export class Shell {
  readonly allowed: boolean;

  constructor({ allowed }: ShellOptions) {
    this.allowed = allowed;
  }

  /**
   * Runs a command as `runProgram` does, until its shell ends.
   * @throws Error where commands are not allowed
   */
  async run({ text, values }: ShellCommand, options: RunOptions): Promise<Outcome> {
    if (!this.allowed) throw new Error('commands are not allowed');
    return runProgram(['/bin/sh', '-c', text], { ...options, env: values });
  }
}
