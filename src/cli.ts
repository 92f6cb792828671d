import { Argument, Command, CommanderError, Option } from 'commander';
import { guide } from './commands/guide.ts';
import {
  exitCode,
  messageText,
  printError,
  printJson,
  printLine,
  printText,
  printWarning,
} from './commands/output.ts';
import type { LineFlags } from './commands/trial-lines.ts';
import { build, revision, version } from './version.ts';

// `bailiff status | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

/**
 * The `bailiff` command. Exit codes: 0 done, 1 failed, 2 wrong usage. What a command needs is loaded
 * when it is called, so that the small ones start fast.
 */
export const program = new Command('bailiff')
  .description('Protects a Docker host: reads logs, bans attackers in the kernel.')
  .version(version())
  .exitOverride()
  // An option is that of the command it stands behind: `import` and `import bans` both have --json.
  .enablePositionalOptions()
  .configureOutput({
    outputError: (text, write) => write(`bailiff: ${messageText(text.replace(/^error: /, ''))}`),
  });

const json = ['--json', 'print JSON'] as const;

program
  .command('run')
  .description('run the daemon in the foreground')
  .option('--config <file>', 'the configuration (default: BAILIFF_CONFIG, else /etc/bailiff/bailiff.yaml)')
  .option('--json', 'log as JSON')
  .action(async (options: { config?: string; json?: true }) => {
    const { main } = await import('./main.ts');
    await main(options.config, { ...process.env, ...(options.json && { BAILIFF_LOG_FORMAT: 'json' }) });
  });

program
  .command('status [jail]')
  .description('what is watched, how it is enforced, what each jail did')
  .option('--check', 'exit with 1 where something that should hold does not')
  .option('--wait <duration>', 'until all holds, at most so long; exit with 1 where it does not by then')
  .option(...json)
  .action(async (jail: string | undefined, options: { check?: true; wait?: string; json?: true }) => {
    process.exitCode = await (await import('./commands/status.ts')).statusCommand({
      ...options,
      ...(jail && { jail }),
    });
  });

program
  .command('banned')
  .description('who is banned, by which jail, until when')
  .option('--jail <name>', 'by this jail alone')
  .addOption(
    new Option('--sort <order>', 'by address, by the beginning or the end of the ban, or by hits')
      .choices(['address', 'since', 'until', 'hits'])
      .default('since'),
  )
  .option(...json)
  .action(async (options: { jail?: string; sort: string; json?: true }) => {
    await (await import('./commands/banned.ts')).bannedCommand(options);
  });

program
  .command('ban <address>')
  .description('ban an address or a range by hand')
  .option('--jail <name>', 'in the name of this jail, with its ban time')
  .option('--for <duration>', 'how long: 1h, 2d, permanent')
  .option('--confirm <duration>', 'for this long at first, such as 60s, and on only if you then confirm it')
  .option('--force', 'though the address is protected; own addresses and loopback excepted')
  .option(...json)
  .action(async (address: string, options: BanFlags) => {
    process.exitCode = await (await import('./commands/ban.ts')).banCommand({ address, ...options });
  });

program
  .command('unban [address]')
  .description('let an address in again')
  .option('--jail <name>', 'end only the ban of this jail')
  .option('--all', 'let everybody in')
  .option(...json)
  .action(async (address: string | undefined, options: { jail?: string; all?: true; json?: true }) => {
    process.exitCode = await (await import('./commands/unban.ts')).unbanCommand({
      ...options,
      ...(address && { address }),
    });
  });

program
  .command('why <address>')
  .description('why an address or a range is banned, or is not: jails, lines, earlier bans, the next one')
  .option(...json)
  .action(async (address: string, options: { json?: true }) => {
    await (await import('./commands/why.ts')).whyCommand({ address, ...options });
  });

program
  .command('history')
  .description('bans that are over, and those that stand, the newest first')
  .option('--since <duration>', 'those that began no longer ago, such as 7d')
  .option('--jail <name>', 'those of this jail')
  .option('--csv', 'print CSV, times in UTC')
  .option(...json)
  .action(async (options: HistoryFlags) => {
    await (await import('./commands/history.ts')).historyCommand(options);
  });

program
  .command('events')
  .description('what happened lately: bans, what ended them, repairs')
  .option('--follow', 'what happens from now on, attempts as well')
  .option(...json)
  .action(async (options: { follow?: true; json?: true }) => {
    await (await import('./commands/events.ts')).eventsCommand(options);
  });

program
  .command('allow [address]')
  .description(
    'let an address or a range in, and have nothing ban it; without one: list whom you have allowed',
  )
  .option('--for <duration>', 'how long: 2h, 1d (default: for ever)')
  .option('--remove', 'do not allow it any more')
  .option('--all', 'list everybody who is never banned, and by which rule')
  .option(...json)
  .action(
    async (
      address: string | undefined,
      options: { for?: string; remove?: true; all?: true; json?: true },
    ) => {
      process.exitCode = await (await import('./commands/allow.ts')).allowCommand({
        ...options,
        ...(address && { address }),
      });
    },
  );

program
  .command('top')
  .description('what goes on: rates, the worst addresses, the newest bans; refreshed until q')
  .option('--json', 'print one JSON value a second')
  .action(async (options: { json?: true }) => {
    await (await import('./commands/top.ts')).topCommand(options);
  });

program
  .command('export')
  .description('bans for another host: bans')
  .command('bans')
  .description('print the bans that stand, as JSON for `bailiff import bans`')
  .option('--jail <name>', 'of this jail alone')
  .option('--output <file>', 'a new file to write (default: standard output)')
  .option('--json', 'print JSON, which it does anyway')
  .action(async (options: { jail?: string; output?: string; json?: true }) => {
    await (await import('./commands/export-bans.ts')).exportBansCommand(options);
  });

const importing = program
  .command('import')
  .description("write bailiff.yaml for fail2ban's configuration; with bans: take over its bans")
  .enablePositionalOptions()
  .argument('<dir>', "fail2ban's configuration directory, such as /etc/fail2ban")
  .option('--output <file>', 'a new file to write (default: standard output)')
  .option(...json)
  .action(async (dir: string, options: { output?: string; json?: true }) => {
    const { findFilters, shippedFilters } = await import('./config/filters.ts');
    const { importConfigCommand } = await import('./commands/import-config.ts');
    const nativeFilters = [...(await findFilters([shippedFilters])).keys()];
    process.exitCode = await importConfigCommand({ dir, nativeFilters, ...options });
  });

importing
  .command('bans <file>')
  .description(
    "ban whom fail2ban's database says, or a file of `bailiff export bans`, for the time that is left",
  )
  .option(...json)
  .action(async (file: string, options: { json?: true }) => {
    await (await import('./commands/import-bans.ts')).importBansCommand({ file, ...options });
  });

program
  .command('teardown')
  .description(
    'take all rules and sets of Bailiff out of the kernel; the bans stay known, and come back at the next start',
  )
  .option(...json)
  .action(async (options: { json?: true }) => {
    process.exitCode = await (await import('./commands/teardown.ts')).teardownCommand(options);
  });

program
  .command('reload')
  .description('read the configuration again; where it is wrong, say so and leave everything as it is')
  .option(...json)
  .action(async (options: { json?: true }) => {
    process.exitCode = await (await import('./commands/reload.ts')).reloadCommand(options);
  });

program
  .command('check')
  .description('check configuration and filters, and print what they come to')
  .option('--config <file>', 'the configuration (default: BAILIFF_CONFIG, else /etc/bailiff/bailiff.yaml)')
  .option(...json)
  .action(async (options: { config?: string; json?: true }) => {
    const { check } = await import('./commands/check.ts');
    const { findFilters, shippedFilters } = await import('./config/filters.ts');
    process.exitCode = await check({
      knownFilters: await findFilters([shippedFilters]),
      ...(options.config && { file: options.config }),
      environment: process.env,
      json: options.json === true,
      print: printLine,
    });
  });

program
  .command('doctor')
  .description(
    'examine this machine and its daemon, and say what to do; exit with 1 where there is a problem',
  )
  .option('--config <file>', 'the configuration (default: BAILIFF_CONFIG, else /etc/bailiff/bailiff.yaml)')
  .option(...json)
  .action(async (options: { config?: string; json?: true }) => {
    process.exitCode = await (await import('./commands/doctor.ts')).doctorCommand(options);
  });

const config = program.command('config').description('the configuration: show, schema, env');

config
  .command('show')
  .description('every option that holds, and where it comes from')
  .option('--config <file>', 'the configuration (default: BAILIFF_CONFIG, else /etc/bailiff/bailiff.yaml)')
  .option(...json)
  .action(async (options: { config?: string; json?: true }) => {
    const { configShowCommand } = await import('./commands/config-show.ts');
    const { findFilters, shippedFilters } = await import('./config/filters.ts');
    await configShowCommand({
      knownFilters: await findFilters([shippedFilters]),
      environment: process.env,
      ...(options.config && { file: options.config }),
      ...(options.json && { json: true }),
    });
  });

config
  .command('schema')
  .description('the JSON Schema of bailiff.yaml, for editors')
  .option('--json', 'print JSON, which it does anyway')
  .action(async () => {
    const { configurationSchema } = await import('./config/json-schema.ts');
    printText(`${JSON.stringify(configurationSchema(), null, 2)}\n`);
  });

config
  .command('env')
  .description('every environment variable there is: what it takes, its default, what it does')
  .option(...json)
  .action(async (options: { json?: true }) => {
    (await import('./commands/config-env.ts')).configEnvCommand(options);
  });

const filter = program.command('filter').description('the filters: list, show, test, lint');

filter
  .command('list')
  .description('the filters there are')
  .option(...json)
  .action(async (options: { json?: true }) => {
    const { listFilters } = await import('./commands/filter-list.ts');
    await listFilters(await filterOptions(options));
  });

filter
  .command('show <name>')
  .description('what a filter is for, where its service logs, and what it looks for')
  .option(...json)
  .action(async (name: string, options: { json?: true }) => {
    const { showFilter } = await import('./commands/filter-show.ts');
    await showFilter({ name, ...(await filterOptions(options)) });
  });

filter
  .command('test <name> <file>')
  .description('judge a log, or standard input (-), with a filter')
  .option(
    '--set <key=value>',
    "set a parameter of the filter: mode=aggressive, or one of a filter of fail2ban's",
    (value: string, all: string[]) => [...all, value],
    [],
  )
  .option('--fail2ban <dir>', 'a filter of this configuration directory of fail2ban')
  .option('--journal', 'lines come without a time, as from the journal')
  .option('--now <time>', 'ISO 8601: what to take for the present')
  .option('--tz <zone>', 'zone of dates that name none')
  .option('--print-matched', 'print the first lines that match')
  .option('--print-missed', 'print the first lines that do not match')
  .option('--print-ignored', 'print the first lines that are ignored')
  .option('--print-all-matched', 'print all lines that match')
  .option('--print-all-missed', 'print all lines that do not match')
  .option('--print-all-ignored', 'print all lines that are ignored')
  .option(...json)
  .action(async (name: string, file: string, options: FilterTestFlags) => {
    const { testFilter } = await import('./commands/filter.ts');
    const { wantedLines } = await import('./commands/trial-lines.ts');
    const { set, fail2ban, journal, now, tz: timeZone } = options;
    const given = { set, fail2ban, journal, now, timeZone, lines: wantedLines(options) };
    await testFilter({ name, file, warn: printWarning, ...given, ...(await filterOptions(options)) });
  });

filter
  .command('lint [names...]')
  .description('find fault with filters, by name or file; without one with all there are')
  .option(...json)
  .action(async (names: readonly string[], options: { json?: true }) => {
    const { lintFilters } = await import('./commands/filter-lint.ts');
    process.exitCode = await lintFilters({ names, ...(await filterOptions(options)) });
  });

program
  .command('notify')
  .description('the notifiers: test')
  .command('test <name>')
  .description('send a test message through a notifier, and say what became of it')
  .option(...json)
  .action(async (name: string, options: { json?: true }) => {
    const { notifyTestCommand } = await import('./commands/notify-test.ts');
    process.exitCode = await notifyTestCommand(name, options);
  });

program
  .command('version')
  .description('the version, and of what it is made')
  .option(...json)
  .action((options: { json?: true }) => {
    const { platform, arch, version: node } = process;
    const made = { version: version(), build: build(), revision: revision(), node, platform, arch };
    if (options.json) return printJson(made);
    const source = [made.build && `build ${made.build}`, made.revision && `revision ${made.revision}`];
    const parts = [...source.filter(Boolean), `Node ${node}`, `${platform} ${arch}`];
    printLine(`bailiff ${made.version} (${parts.join(', ')})`);
  });

program
  .command('completion')
  .description('print the script that has a shell complete commands, options and names')
  .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  .option(...json)
  .action(async (shell: string, options: { json?: true }) => {
    const { completionCommand } = await import('./commands/completion.ts');
    completionCommand(program, shell, options.json === true);
  });

program.command('__names <kind>', { hidden: true }).action(async (kind: string) => {
  await (await import('./commands/names.ts')).namesCommand(kind);
});

guide(program);

interface BanFlags {
  readonly jail?: string;
  readonly for?: string;
  readonly confirm?: string;
  readonly force?: true;
  readonly json?: true;
}

interface HistoryFlags {
  readonly since?: string;
  readonly jail?: string;
  readonly csv?: true;
  readonly json?: true;
}

interface FilterTestFlags extends LineFlags {
  readonly set: readonly string[];
  readonly fail2ban?: string;
  readonly journal?: true;
  readonly now?: string;
  readonly tz?: string;
  readonly json?: true;
}

async function filterOptions(options: { json?: true }) {
  const { filterFolders } = await import('./commands/filter-folders.ts');
  return { folders: filterFolders(process.env), json: options.json === true, print: printLine };
}

/** Says what went wrong, with --json also as one JSON value. @returns the exit code */
export function report(error: unknown, json: boolean): number {
  if (!(error instanceof CommanderError)) {
    printError(error, json);
    return exitCode(error);
  }
  // Commander has said it already, but `--help` and `--version` are no errors.
  if (error.exitCode === 0) return 0;
  if (json) printJson({ errors: [{ code: 'usage', message: error.message.replace(/^error: /, '') }] });
  return 2;
}

/** Runs the command that was called. Errors are said, and become the exit code. */
async function run(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error, process.argv.includes('--json'));
  }
}

// Who writes docs/commands.md asks for the commands alone.
if (import.meta.main) await run();
