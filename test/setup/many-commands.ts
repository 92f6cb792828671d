import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { program, report } from '../../src/cli.ts';
import { BailiffError } from '../../src/core/errors.ts';
import type { CommandLine } from './command-lines.ts';

// Runs the command lines of a file, one after the other, as `bailiff` would: a process for each would take its time for
// starting alone. What it prints of each is framed, for `command-lines.ts`.
const lines = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly CommandLine[];
await all(true);
for (const command of commandsBelow(program)) command.action(() => undefined);
await all(false);
// Once all of it is out: a reader may be slow.
process.stdout.write('', () => process.exit());

async function all(act: boolean): Promise<void> {
  for (const [number, line] of lines.entries()) {
    if (line.act !== act) continue;
    process.stdout.write(`<<< ${number}\n`);
    const [code, error] = await outcome(line.args);
    process.stdout.write(`\n>>> ${number} ${code} ${error}\n`);
  }
}

/** The exit code, and of what failed the error's code. */
async function outcome(args: readonly string[]): Promise<readonly [number, string]> {
  process.exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
    return [Number(process.exitCode), ''];
  } catch (error) {
    const code = report(error, args.includes('--json'));
    return [code, error instanceof BailiffError || error instanceof CommanderError ? error.code : 'internal'];
  }
}

function commandsBelow(parent: Command): Command[] {
  return parent.commands.flatMap((command) => [command, ...commandsBelow(command)]);
}
