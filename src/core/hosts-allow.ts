import { formatRange } from './address.ts';
import { type ClientPattern, readClient } from './client-pattern.ts';
import type { HostsAccess, HostsAccessRule } from './hosts-access.ts';
import { type IgnoreFile, isInDomain, type ListedEntry } from './ignore-entry.ts';
import { without } from './range-difference.ts';

/** Options that leave a rule what it is: somebody is let in (hosts_options(5)). */
const harmless: ReadonlySet<string> = new Set([
  'allow',
  'banners',
  'group',
  'keepalive',
  'linger',
  'nice',
  'rfc931',
  'setenv',
  'severity',
  'spawn',
  'umask',
  'user',
]);

export interface HostsAllowOptions {
  readonly path: string;
  /** Whose rules count; null: those of all. */
  readonly daemon: string | null;
  /** The patterns in a file that a pattern names; a text says why there are none. */
  readonly patternsIn: (path: string) => readonly string[] | string;
}

/** Whom a rule shuts out before others let him in. */
interface Denial {
  readonly daemons: readonly string[];
  readonly clients: readonly ClientPattern[];
}

/**
 * Whom the rules of a hosts.allow let in, as entries of an ignore list. The first rule that names somebody decides, as
 * with libwrap. What cannot be told of a rule protects nobody, and is said; nor does one that lets everybody in.
 */
export function allowedByHosts({ rules, problems }: HostsAccess, options: HostsAllowOptions): IgnoreFile {
  const reading = new Reading(options);
  for (const { line, problem } of problems) reading.complain(line, problem);
  for (const rule of rules) {
    if (options.daemon === null || namesDaemon(rule.daemons, options.daemon)) reading.take(rule);
  }
  return { entries: reading.entries, problems: reading.problems };
}

class Reading implements IgnoreFile {
  readonly entries: ListedEntry[] = [];
  readonly problems: string[] = [];
  readonly #options: HostsAllowOptions;
  readonly #denials: Denial[] = [];

  constructor(options: HostsAllowOptions) {
    this.#options = options;
  }

  complain(line: number, problem: string): void {
    this.problems.push(`${this.#options.path}:${line}: ${problem}`);
  }

  take(rule: HostsAccessRule): void {
    const { line, daemons, options } = rule;
    const [named = [], except = [], ...deeper] = splitAt(rule.clients);
    const clients = this.#patterns(named);
    const odd = options.find((option) => !harmless.has(option) && option !== 'deny' && option !== 'twist');
    if (options.includes('deny') || options.includes('twist')) {
      if (except.length > 0) this.complain(line, 'its EXCEPT is not honoured, as it denies');
      this.#complainOf(clients, line);
      this.#denials.push({ daemons, clients });
    } else if (odd !== undefined) this.complain(line, `what "${odd}" makes of it is not known here`);
    else if (deeper.length > 0) this.complain(line, 'an EXCEPT of an EXCEPT is not honoured');
    else this.#allow(rule, clients, this.#patterns(except));
  }

  #allow(
    { line, daemons }: HostsAccessRule,
    clients: readonly ClientPattern[],
    except: readonly ClientPattern[],
  ): void {
    const untold = except.find(({ kind }) => kind === 'untold');
    if (untold !== undefined) {
      this.complain(line, `EXCEPT ${untold.text} cannot be honoured: ${untold.problem}`);
      return;
    }
    const denied = this.#denials
      .filter((denial) => this.#options.daemon !== null || coversDaemons(denial.daemons, daemons))
      .flatMap((denial) => denial.clients);
    const taken = [...except, ...denied];
    if (taken.some(({ kind }) => kind === 'everybody')) return;
    this.#complainOf(clients, line);
    for (const client of clients) {
      if (client.kind === 'untold') continue;
      if (client.kind === 'everybody')
        this.complain(line, `${client.text} would keep everybody from being banned, and keeps nobody`);
      else this.#add(client, taken, line);
    }
  }

  #complainOf(clients: readonly ClientPattern[], line: number): void {
    for (const { kind, text, problem } of clients)
      if (kind === 'untold') this.complain(line, `${text}: ${problem}`);
  }

  #add(client: ClientPattern, taken: readonly ClientPattern[], line: number): void {
    const where = `${this.#options.path}:${line}`;
    const ranges = taken.flatMap(({ range }) => range ?? []);
    const names = taken.flatMap(({ kind, text }) => (kind === 'name' ? [text] : []));
    if (client.range === undefined) {
      const isTaken = names.some((name) => name === client.text || isInDomain(client.text, name));
      const except = [...ranges.map(formatRange), ...names];
      if (!isTaken) this.entries.push({ entry: client.text, where, except });
    } else if (names.length > 0)
      this.complain(line, `${client.text} cannot be told without ${names[0]}: that is a name`);
    else {
      const left = without(client.range, ranges).map(formatRange);
      for (const entry of left) this.entries.push({ entry, where, except: [] });
    }
  }

  #patterns(words: readonly string[]): ClientPattern[] {
    return words.flatMap((word) => {
      if (!word.startsWith('/')) return [readClient(word)];
      const found = this.#options.patternsIn(word);
      return typeof found === 'string'
        ? [{ kind: 'untold', text: word, problem: found } as const]
        : found.map(readClient);
    });
  }
}

/** A list, what it excepts, what that excepts. */
function splitAt(words: readonly string[]): string[][] {
  const lists: string[][] = [[]];
  for (const word of words) {
    if (word.toUpperCase() === 'EXCEPT') lists.push([]);
    else lists.at(-1)?.push(word);
  }
  return lists;
}

/** As libwrap's list_match. Of `daemon@host` the address that was called is not told apart. */
function namesDaemon(words: readonly string[], daemon: string): boolean {
  const [own = [], ...except] = splitAt(words);
  const isNamed = own.some((word) => isDaemon(word, daemon));
  return isNamed && (except.length === 0 || !namesDaemon(except.flatMap(joined), daemon));
}

const joined = (words: readonly string[], index: number): string[] =>
  index === 0 ? [...words] : ['EXCEPT', ...words];

function isDaemon(word: string, daemon: string): boolean {
  const name = (word.split('@')[0] ?? '').toLowerCase();
  return name === 'all' || name === daemon.toLowerCase();
}

/** Whether a rule for these daemons comes before one for those, whichever of them is called. */
function coversDaemons(denied: readonly string[], daemons: readonly string[]): boolean {
  return denied[0]?.toUpperCase() === 'ALL' || daemons.every((daemon) => denied.includes(daemon));
}
