import type { Command } from 'commander';
import { beQuiet } from './output.ts';

/** Words to type behind `bailiff`, and what they do. */
type Example = readonly [words: string, does: string];

/** The headings of `bailiff --help`, each with its commands in their order. */
const groups: readonly (readonly [heading: string, commands: readonly string[]])[] = [
  ['See what is going on:', ['status', 'banned', 'top', 'why', 'history', 'events']],
  ['Shut out and let in:', ['ban', 'unban', 'allow', 'export', 'import']],
  ['Set up and check:', ['check', 'config', 'filter', 'doctor', 'notify', 'completion', 'version', 'help']],
  ['The daemon:', ['run', 'reload', 'teardown']],
];

/** Without what they print they are nothing. */
const endless: ReadonlySet<string> = new Set(['run', 'top', 'events']);

/** By command. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  run: [
    ['run', 'with /etc/bailiff/bailiff.yaml, where that is there, and the environment'],
    ['run --config ./bailiff.yaml', 'with this file'],
  ],
  status: [
    ['status', 'what needs attention, enforcement, jails and sources on one screen'],
    ['status sshd', 'one jail: its sources, and whom it bans'],
    ['status --check --quiet', 'says it by the exit code alone, for scripts'],
    ["status --json | jq '.sources[] | {id, lag}'", 'how far each source is behind, in bytes'],
  ],
  banned: [
    ['banned', 'the oldest ban first'],
    ['banned --jail sshd --sort hits', 'the worst of one jail first'],
    ["banned --json | jq -r '.[].address'", 'the addresses alone'],
  ],
  top: [
    ['top', 'refreshed every second; q ends it'],
    ['top --json', 'one object a second'],
  ],
  why: [['why 203.0.113.7', 'the lines and the earlier bans that led to it']],
  history: [
    ['history --since 1d', 'the bans of a day'],
    ['history --jail sshd --csv', 'those of one jail, for a spreadsheet'],
  ],
  events: [['events --follow', 'bans and unbans as they happen']],
  ban: [
    ['ban 203.0.113.7', 'for the usual time'],
    ['ban 198.51.100.0/24 --for 2d', 'a whole range'],
    ['ban 203.0.113.7 --confirm 60s', 'undone after a minute, unless you confirm that you can still get in'],
  ],
  unban: [
    ['unban 203.0.113.7', 'in all jails'],
    ['unban 203.0.113.7 --jail sshd', 'in one'],
    ['unban --all', 'everybody'],
  ],
  allow: [
    ['allow 203.0.113.7 --for 2h', 'lets it in at once, and nothing bans it for two hours'],
    ['allow 198.51.100.0/24', 'for ever, over restarts'],
    ['allow', 'lists whom you have allowed'],
    ['allow --all', 'lists everybody who is never banned, and by which rule'],
    ['allow --remove 203.0.113.7', 'it may be banned again'],
  ],
  'export bans': [
    ['export bans > bans.json', 'all bans, to take along to another host'],
    ['export bans --jail sshd --output sshd.json', 'those of one jail, to a new file'],
  ],
  import: [
    ['import /etc/fail2ban', 'prints a bailiff.yaml that does the same'],
    ['import /etc/fail2ban --output bailiff.yaml', 'writes it to a new file'],
  ],
  'import bans': [
    ['import bans bans.json', 'the bans of `bailiff export bans`'],
    ['import bans /var/lib/fail2ban/fail2ban.sqlite3', "fail2ban's bans"],
    ["ssh other 'bailiff export bans' | bailiff import bans -", "another host's bans"],
  ],
  teardown: [['teardown', 'before Bailiff is removed from a host']],
  check: [
    ['check', 'before a restart: exits with 1 where something is wrong, and says where'],
    ['check --config ./bailiff.yaml --json', 'for editors and pipelines'],
  ],
  'config env': [['config env', 'what a compose file may set']],
  'config show': [
    ['config show', 'every option that holds, and the line or variable it comes from'],
    [
      `config show --json | jq '.[] | select(.origin != "default")'`,
      'only what differs from the built-in defaults',
    ],
  ],
  'config schema': [['config schema > bailiff.schema.json', 'for editors that complete bailiff.yaml']],
  'filter list': [['filter list', 'the services there are filters for']],
  'filter show': [['filter show sshd', 'where its service logs, and what counts as a hit']],
  'filter test': [
    ['filter test sshd /var/log/auth.log', 'how many lines of a log would count'],
    ['filter test sshd auth.log --print-matched', 'and which'],
    ['filter test sshd --fail2ban /etc/fail2ban auth.log', "the same with fail2ban's own filter"],
  ],
  'filter lint': [['filter lint ./my-filter.yaml', 'finds fault with a filter of your own']],
  doctor: [['doctor', 'what is wrong with this host, and the line to change']],
  'notify test': [['notify test mail', 'sends a message of no account']],
  reload: [['reload', 'takes over what has changed in the configuration']],
  version: [['version --json', 'for scripts']],
  completion: [
    ['completion bash > /etc/bash_completion.d/bailiff', ''],
    ['completion zsh > /usr/local/share/zsh/site-functions/_bailiff', ''],
    ['completion fish > ~/.config/fish/completions/bailiff.fish', ''],
  ],
};

/** Every command below, with its path: `filter test`. */
export function* eachCommand(
  parent: Command,
  path: readonly string[] = [],
): Generator<readonly [string, Command]> {
  for (const command of parent.createHelp().visibleCommands(parent)) {
    if (command.name() === 'help') continue;
    const own = [...path, command.name()];
    yield [own.join(' '), command];
    yield* eachCommand(command, own);
  }
}

/** Whether it is there for more than to hold others. */
export function acts({ commands, registeredArguments }: Command): boolean {
  return commands.length === 0 || registeredArguments.length > 0;
}

export function examplesOf(path: string): readonly Example[] {
  return examples[path] ?? [];
}

/** What all commands have: a place in the help, examples, and --quiet. To be called when all are there. */
export function guide(program: Command): void {
  // With commander's own, `help`.
  for (const command of program.createHelp().visibleCommands(program))
    command.helpGroup(groupOf(command.name()));
  // Commander's help, and all that is made of the tree, keeps the order of this list.
  (program.commands as Command[]).sort((a, b) => placeOf(a.name()) - placeOf(b.name()));
  for (const [path, command] of eachCommand(program)) {
    if (acts(command) && !endless.has(path)) command.option('-q, --quiet', 'print nothing but errors');
    command.addHelpText('after', () => exampleText(examplesOf(path)));
  }
  program.addHelpText('after', () =>
    exampleText([...examplesOf('status').slice(0, 1), ...examplesOf('ban').slice(0, 1)]),
  );
  program.hook('preAction', (_program, command) => {
    if (command.opts()['quiet'] !== true) return;
    beQuiet();
    // Actions hand their options on as they are.
    command.setOptionValue('quiet', undefined);
  });
}

function groupOf(name: string): string {
  const [heading] = groups.find(([, names]) => names.includes(name)) ?? ['Others:'];
  return heading;
}

/** One that is in no group comes last. */
function placeOf(name: string): number {
  const place = groups.flatMap(([, names]) => names).indexOf(name);
  return place < 0 ? Number.POSITIVE_INFINITY : place;
}

function exampleText(all: readonly Example[]): string {
  if (all.length === 0) return '';
  const lines = all.flatMap(([words, does]) => {
    return [`  ${typed(words)}`, ...(does === '' ? [] : [`      ${does}`])];
  });
  return `\nExamples:\n${lines.join('\n')}`;
}

/** An example as one types it. */
export function typed(words: string): string {
  return words.includes('| bailiff') ? words : `bailiff ${words}`;
}
