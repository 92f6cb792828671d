import type { CompletedCommand, CompletedOption, Kind } from './completion.ts';

/** The script for bash 4.4 or newer. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completes the bailiff command in bash; made by \`bailiff completion bash\`.
_bailiff_names() {
  COMPREPLY=($(compgen -W "$(bailiff __names "$1" 2>/dev/null)" -- "$cur"))
}

_bailiff() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$at \${COMP_WORDS[index]}" in
      ${paths(commands)}) at="$at \${COMP_WORDS[index]}" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD - 1]}" in
${valueCases(commands, bashKind)}
  esac
  case "$at|$cur" in
${commands.map(({ path, options }) => `    ${quoted(atOf(path))}'|-'*) ${bashWords(options.flatMap(({ flags }) => flags))} ;;`).join('\n')}
${commands.map((each) => `    ${quoted(atOf(each.path))}'|'*) ${bashRest(each)} ;;`).join('\n')}
  esac
}
complete -F _bailiff bailiff
`;
}

function bashRest({ commands, argument }: CompletedCommand): string {
  return commands.length > 0 ? bashWords(commands.map(({ name }) => name)) : bashKind(argument);
}

function bashWords(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur"))`;
}

function bashKind(kind: Kind): string {
  if (kind === null) return ':';
  if (kind === 'files') return 'compopt -o default';
  // A filter may also be a file.
  if (kind === 'filters') return 'compopt -o default; _bailiff_names filters';
  return typeof kind === 'string' ? `_bailiff_names ${kind}` : bashWords(kind);
}

/** The script for zsh, to be sourced or put into a folder of fpath. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef bailiff
# Completes the bailiff command in zsh; made by \`bailiff completion zsh\`.
_bailiff_names() {
  compadd -- \${(f)"$(bailiff __names "$1" 2>/dev/null)"}
}

_bailiff() {
  local at='' index
  local -a entries
  for ((index = 2; index < CURRENT; index++)); do
    case "$at \${words[index]}" in
      ${paths(commands)}) at="$at \${words[index]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valueCases(commands, zshKind)}
  esac
  case "$at|\${words[CURRENT]}" in
${commands.map(({ path, options }) => `    ${quoted(atOf(path))}'|-'*) ${zshEntries('option', options.map(optionEntry))} ;;`).join('\n')}
${commands.map((each) => `    ${quoted(atOf(each.path))}'|'*) ${zshRest(each)} ;;`).join('\n')}
  esac
}

if [ "$funcstack[1]" = _bailiff ]; then _bailiff "$@"; else compdef _bailiff bailiff; fi
`;
}

interface Entry {
  readonly name: string;
  readonly description: string;
}

function optionEntry({ flags, description }: CompletedOption): Entry {
  return { name: flags.at(-1) ?? '', description };
}

function zshRest({ commands, argument }: CompletedCommand): string {
  return commands.length > 0 ? zshEntries('command', commands) : zshKind(argument);
}

function zshEntries(what: string, entries: readonly Entry[]): string {
  const texts = entries.map(({ name, description }) =>
    quoted(`${name}:${description.replaceAll(':', '\\:')}`),
  );
  return `entries=(${texts.join(' ')}); _describe ${what} entries`;
}

function zshKind(kind: Kind): string {
  if (kind === null) return ':';
  if (kind === 'files') return '_files';
  if (kind === 'filters') return '_bailiff_names filters; _files';
  return typeof kind === 'string' ? `_bailiff_names ${kind}` : `compadd -- ${kind.map(quoted).join(' ')}`;
}

/** The script for fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  return `# Completes the bailiff command in fish; made by \`bailiff completion fish\`.
function __bailiff_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${namedPaths(commands).map(quoted).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end

complete -c bailiff -f
${commands.flatMap(fishLines).join('\n')}
`;
}

function fishLines({ path, commands, options, argument }: CompletedCommand): string[] {
  const here = `complete -c bailiff -n ${fishQuoted(`__bailiff_at ${fishQuoted(atOf(path))}`)}`;
  const words = commands.map(
    ({ name, description }) => `${here} -a ${fishQuoted(name)} -d ${fishQuoted(description)}`,
  );
  const flags = options.map(({ flags: names, description, value }) => {
    const spelled = names.map((name) => name.replace(/^--/, '-l ').replace(/^-(?!l )/, '-s '));
    // Exclusively these words, where it is no file.
    const taken = value === undefined ? '' : `${value === 'files' ? ' -r' : ' -x'}${fishKind(value)}`;
    return `${here} ${spelled.join(' ')}${taken} -d ${fishQuoted(description)}`;
  });
  return [...words, ...flags, ...(argument === null ? [] : [`${here}${fishKind(argument)}`])];
}

function fishKind(kind: Kind): string {
  if (kind === null) return '';
  if (kind === 'files') return ' -F';
  if (kind === 'filters') return ` -F -a ${fishQuoted('(bailiff __names filters 2>/dev/null)')}`;
  const words = typeof kind === 'string' ? `(bailiff __names ${kind} 2>/dev/null)` : kind.join(' ');
  return ` -a ${fishQuoted(words)}`;
}

/** How far the words before the cursor have come: each command behind a space. */
function atOf(path: string): string {
  return path === '' ? '' : ` ${path}`;
}

function namedPaths(commands: readonly CompletedCommand[]): readonly string[] {
  return commands.flatMap(({ path }) => (path === '' ? [] : [atOf(path)]));
}

function paths(commands: readonly CompletedCommand[]): string {
  return namedPaths(commands).map(quoted).join('|');
}

/** What follows an option that takes a value. */
function valueCases(commands: readonly CompletedCommand[], complete: (kind: Kind) => string): string {
  const cases = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => {
      if (value === undefined) return [];
      const words = flags.map((flag) => quoted(`${atOf(path)} ${flag}`));
      return [`    ${words.join('|')}) ${complete(value)}; return ;;`];
    }),
  );
  return cases.join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
