/**
 * The entries of the journal that a jail judges: groups of which one must hold. In a group, one of the values
 * given for each field must hold (sd_journal_add_match(3)).
 */
export type JournalMatch = readonly (readonly string[])[];

/** Terms that journalctl gets at most: each is an argument of its command line. */
const mostTerms = 100;

/**
 * One term. A field's name is at most 64 capitals, digits and underscores, and begins with no digit
 * (systemd.journal-fields(7)): so a term can be taken neither for an option nor for a path.
 */
const term = /^[A-Z_][A-Z0-9_]{0,63}=[^\0\n]{1,1024}$/;

/**
 * Reads a match as fail2ban's `journalmatch` writes it: `_SYSTEMD_UNIT=ssh.service _UID=0 + _COMM=sshd`. A term
 * that holds spaces stands in quotes. Null: it is none.
 */
export function parseJournalMatch(text: string): JournalMatch | null {
  const groups: string[][] = [[]];
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+|["']/g) ?? [];
  for (const word of words) {
    const plain = word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2');
    if (word === '+') groups.push([]);
    else if (term.test(plain)) groups.at(-1)?.push(plain);
    else return null;
  }
  const sound = groups.every((group) => group.length > 0) && words.length <= mostTerms;
  return sound ? groups : null;
}

/** The match of lists of words, each an alternative; null where a word is no term. */
export function journalMatchOf(lists: readonly (readonly string[])[]): JournalMatch | null {
  const groups = lists.flatMap((words) => groupsOf(words));
  const sound = groups.every((group) => group.length > 0 && group.every((word) => term.test(word)));
  return sound && groups.flat().length <= mostTerms ? groups : null;
}

function groupsOf(words: readonly string[]): string[][] {
  const groups: string[][] = [[]];
  for (const word of words) {
    if (word === '+') groups.push([]);
    else groups.at(-1)?.push(word);
  }
  return groups;
}

/** The match on one line, as people write it and as journalctl takes its arguments. */
export function formatJournalMatch(match: JournalMatch): string {
  return journalArguments(match)
    .map((word) => (/[\s"']/.test(word) ? quoted(word) : word))
    .join(' ');
}

/** The arguments that give journalctl the match. */
export function journalArguments(match: JournalMatch): string[] {
  return match.flatMap((group, index) => (index === 0 ? [...group] : ['+', ...group]));
}

function quoted(word: string): string {
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}
