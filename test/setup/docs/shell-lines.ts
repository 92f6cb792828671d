/** One command of a shell's, and the variables that stand before it. */
export interface SimpleCommand {
  readonly variables: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/**
 * The simple commands of shell lines as one finds them in manuals: pipes and lists are taken apart, quotes, comments
 * and redirections are gone. What is expanded stays as it is written.
 */
export function simpleCommands(text: string): SimpleCommand[] {
  const commands: string[][] = [[]];
  for (const [token, double, single, separator] of text.replaceAll('\\\n', ' ').matchAll(tokens)) {
    if (separator !== undefined) commands.push([]);
    else if (/^\s|^#|^\d*[<>]/.test(token)) continue;
    else if (double === undefined && single === undefined) commands.at(-1)?.push(unquoted(token));
    else commands.at(-1)?.push(double ?? single ?? '');
  }
  return commands.filter((words) => words.length > 0).map(withVariables);
}

/** A word in quotes as a whole; what separates commands; blanks, comments and redirections; any other word. */
const tokens =
  /"([^"]*)"(?=[\s;|&]|$)|'([^']*)'(?=[\s;|&]|$)|(\n|;|\|\|?|&&?)|[^\S\n]+|#[^\n]*|\d*[<>]+&?\s*[^\s;|&]*|(?:"[^"]*"|'[^']*'|[^\s;|&<>])+/g;

function unquoted(word: string): string {
  return word.replaceAll(
    /"([^"]*)"|'([^']*)'/g,
    (_, double?: string, single?: string) => double ?? single ?? '',
  );
}

function withVariables(words: readonly string[]): SimpleCommand {
  const assignments = words.findIndex((word) => !/^[A-Z_][A-Z_0-9]*=/.test(word));
  const before = words.slice(0, assignments < 0 ? words.length : assignments);
  const variables = before.map((word): [string, string] => {
    const at = word.indexOf('=');
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return { variables: Object.fromEntries(variables), words: words.slice(before.length) };
}

/** The arguments of `bailiff`, also in its container or on another host; null: it is another command. */
export function bailiffArguments({ words }: SimpleCommand): readonly string[] | null {
  const inner = words.findIndex(
    (word, at) => word === 'bailiff' && before.test(words.slice(0, at).join(' ')),
  );
  if (inner >= 0) return words.slice(inner + 1);
  const elsewhere = words[0] === 'ssh' ? words.at(-1) : undefined;
  const [command] = elsewhere === undefined ? [] : simpleCommands(elsewhere);
  return command === undefined ? null : bailiffArguments(command);
}

const before =
  /^(?:sudo|npx|kubectl .* --|docker compose exec(?: -T)? bailiff|docker exec(?: -it?)? bailiff)?$/;
