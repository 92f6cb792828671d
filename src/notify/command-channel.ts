import { type Channel, DeliveryFailure } from './channel.ts';
import type { Message } from './message.ts';
import { runProgram } from './program.ts';
import { type Field, fieldsOf, filled } from './template.ts';

export interface CommandChannelOptions {
  /** The program's path, and its arguments, in which `{{FIELD}}` stands for a value. */
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 20_000;

/**
 * Runs a program of the owner's for each message, without a shell: values are arguments as a whole or in part,
 * environment variables (`BAILIFF_TITLE` and the like), and the message as JSON on standard input. Nothing of a message
 * is ever the program.
 */
export class CommandChannel implements Channel {
  readonly #options: CommandChannelOptions;

  constructor(options: CommandChannelOptions) {
    this.#options = options;
  }

  async send(message: Message, signal: AbortSignal): Promise<string> {
    const { command, timeoutMs = usualTimeoutMs } = this.#options;
    const [program, ...args] = command;
    const fields = fieldsOf(message);
    const outcome = await runProgram([program, ...args.map((arg) => filled(arg, fields))], {
      env: variablesOf(fields),
      input: `${JSON.stringify(message)}\n`,
      timeoutMs,
      signal,
    });
    if (!outcome.ok) throw new DeliveryFailure(`${program}: ${outcome.complaint}`);
    return `${program} ended well`;
  }
}

function variablesOf(fields: Readonly<Record<Field, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`BAILIFF_${name.toUpperCase()}`, value]),
  );
}
