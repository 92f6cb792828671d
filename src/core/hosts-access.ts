/** One rule of hosts.allow or hosts.deny: hosts_access(5), with the options of hosts_options(5). */
export interface HostsAccessRule {
  /** Of its beginning, from 1. */
  readonly line: number;
  readonly daemons: readonly string[];
  readonly clients: readonly string[];
  /** In lower case, without their values; empty where nothing stands behind the clients. */
  readonly options: readonly string[];
}

export interface HostsAccessProblem {
  readonly line: number;
  readonly problem: string;
}

export interface HostsAccess {
  readonly rules: readonly HostsAccessRule[];
  readonly problems: readonly HostsAccessProblem[];
}

/** Takes such a file apart as libwrap does: what it does not take for a rule is told, and is none. */
export function readHostsAccess(text: string): HostsAccess {
  const rules: HostsAccessRule[] = [];
  const problems: HostsAccessProblem[] = [];
  for (const { line, text: rule, ended } of linesOf(text)) {
    if (rule.startsWith('#') || rule.trim() === '') continue;
    if (!ended) {
      problems.push({ line, problem: 'TCP wrappers pass over a last line without a line end' });
      continue;
    }
    const [daemons = '', clients, ...options] = fieldsOf(rule);
    if (clients === undefined) problems.push({ line, problem: 'there is no ":" in it' });
    else
      rules.push({
        line,
        daemons: wordsOf(daemons),
        clients: wordsOf(clients),
        options: options.map(nameOf),
      });
  }
  return { rules, problems };
}

/** Lines that end in a backslash go on with the next one. */
function linesOf(text: string): { line: number; text: string; ended: boolean }[] {
  const found: { line: number; text: string; ended: boolean }[] = [];
  const physical = text.split('\n');
  const rest = physical.pop() ?? '';
  let begun: { line: number; text: string } | null = null;
  for (const [index, part] of physical.entries()) {
    const joined: { line: number; text: string } = begun ?? { line: index + 1, text: '' };
    const goesOn = part.endsWith('\\');
    joined.text += goesOn ? part.slice(0, -1) : part;
    begun = goesOn ? joined : null;
    if (!goesOn) found.push({ ...joined, ended: true });
  }
  const last = begun ?? { line: physical.length + 1, text: '' };
  if (last.text + rest !== '') found.push({ line: last.line, text: last.text + rest, ended: false });
  return found;
}

/** Parts between colons, but those in brackets (IPv6), and in options those behind a backslash. */
function fieldsOf(rule: string): string[] {
  const fields = [''];
  let depth = 0;
  for (const [index, letter] of [...rule].entries()) {
    if (letter === '[') depth += 1;
    if (letter === ']') depth -= 1;
    const escaped = fields.length > 2 && rule[index - 1] === '\\';
    if (letter === ':' && depth === 0 && !escaped) fields.push('');
    else fields[fields.length - 1] += letter;
  }
  return fields;
}

function wordsOf(list: string): string[] {
  return list.split(/[,\s]+/).filter(Boolean);
}

/** `spawn (…)`, `twist = …`: the word alone. */
function nameOf(option: string): string {
  return (/^\s*([^\s=]*)/.exec(option)?.[1] ?? '').toLowerCase();
}
