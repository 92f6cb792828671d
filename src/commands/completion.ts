import type { Argument, Command, Option } from 'commander';
import { BailiffError } from '../core/errors.ts';
import { bashScript, fishScript, zshScript } from './completion-scripts.ts';
import { eachCommand } from './guide.ts';
import { printJson, printText } from './output.ts';

/** What a word may be: names that the CLI itself lists (`names`), a file, one of some, or anything. */
export type Kind = 'jails' | 'filters' | 'banned' | 'files' | readonly string[] | null;

export interface CompletedOption {
  /** `--jail`, `-q`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Of its value; undefined: it takes none. */
  readonly value?: Kind;
}

/** One command as a shell completes it. */
export interface CompletedCommand {
  /** `filter test`; '' is `bailiff` itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  readonly argument: Kind;
}

/** Those that `bailiff completion` takes (src/cli.ts names them). */
const scripts: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `bailiff completion SHELL`: prints the script that completes these commands. @throws BailiffError usage */
export function completionCommand(program: Command, shell: string, json: boolean): void {
  const script = scripts[shell];
  if (script === undefined) {
    const remedy = `Write one of ${Object.keys(scripts).join(', ')}.`;
    throw new BailiffError('usage', `there is no completion for "${shell.slice(0, 40)}"`, { remedy });
  }
  const text = script(completedCommands(program));
  if (json) printJson({ shell, script: text });
  else printText(text);
}

export function completedCommands(program: Command): readonly CompletedCommand[] {
  return [['', program] as const, ...eachCommand(program)].map(([path, command]) => {
    const help = command.createHelp();
    const commands = help
      .visibleCommands(command)
      .map((each) => ({ name: each.name(), description: each.description() }));
    const [argument] = command.registeredArguments;
    return {
      path,
      commands: commands.filter(({ name }) => name !== 'help'),
      options: help.visibleOptions(command).map(completedOption),
      argument: argument === undefined ? null : kindOfArgument(path, argument),
    };
  });
}

function completedOption(option: Option): CompletedOption {
  const { short, long, description, argChoices } = option;
  const flags = [short, long].filter((flag) => flag !== undefined);
  if (!option.required && !option.optional) return { flags, description };
  return { flags, description, value: argChoices ?? kindNamed(placeholderOf(option.flags), '') };
}

/** `name` of `--jail <name>` says less than the option's own. */
function placeholderOf(flags: string): string {
  return flags.startsWith('--jail') ? 'jail' : (/<(.+)>/.exec(flags)?.[1] ?? '');
}

function kindOfArgument(path: string, argument: Argument): Kind {
  return argument.argChoices ?? kindNamed(argument.name(), path);
}

function kindNamed(name: string, path: string): Kind {
  if (name === 'jail') return 'jails';
  if (name === 'file' || name === 'dir') return 'files';
  if (path.startsWith('filter ')) return 'filters';
  return path === 'unban' ? 'banned' : null;
}
