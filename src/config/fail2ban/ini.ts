import { BailiffError } from '../../core/errors.ts';
import { quote } from '../show.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import { commentStart, indentOf, strip } from './python-text.ts';
import { TracedText } from './traced-text.ts';

/** One option as it was written. */
export interface Entry {
  /** Where its name stands. */
  readonly at: Place;
  readonly value: TracedText;
}

export interface Section {
  readonly at: Place;
  readonly entries: Map<string, Entry>;
}

/** A line that cannot be read. */
export interface Flaw {
  readonly error: BailiffError;
  /** The section it stands in; null before the first. */
  readonly section: string | null;
}

/** What one file holds. */
export interface IniFile {
  /** DEFAULT is one of them, where it is there. */
  readonly sections: ReadonlyMap<string, Section>;
  readonly flaws: readonly Flaw[];
  /** What of DEFAULT could not be read, or was replaced in the same file: it may have named somebody to spare. */
  readonly lost: readonly string[];
}

export const defaultSection = 'DEFAULT';

/** A file of something else has a flaw in every line; more than these help nobody. */
const mostFlaws = 10;
/** Lines of DEFAULT that are looked through for addresses. */
const mostLost = 1_000;

/** An option while its lines come in. */
interface Draft {
  readonly at: Place;
  readonly lines: { readonly text: string; readonly at: Place }[];
}

/**
 * Reads a file in the dialect of Python's ConfigParser as fail2ban sets it up: `=` or `:`, names in lower case,
 * comments by `#` and `;` that begin a line and by ` ;` within one, values that go on in lines indented further than
 * their first. A line that cannot be read is a flaw, and the others count. Never throws.
 */
export function readIni(text: string, file: string): IniFile {
  const reader = new IniReader(file);
  const lines = text.split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) reader.line(line, { file, line: index + 1 });
  return reader.result();
}

class IniReader {
  readonly #flaws: Flaw[] = [];
  /** Where flaws beyond the first stand: how many, and in which sections. */
  #further = 0;
  readonly #furtherSections = new Set<string | null>();
  readonly #sections = new Map<string, { at: Place; drafts: Map<string, Draft> }>();
  /** Of the section and option that the next line may belong to. */
  #section: string | null = null;
  #draft: Draft | null = null;
  #indent = 0;
  /** Whether the lines that go on belong to an option that could not be read. */
  #skipping = false;
  readonly #lost: string[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  line(line: string, at: Place): void {
    const start = /^[#;]/.test(strip(line)) ? 0 : commentStart(line);
    const value = strip(line.slice(0, start ?? line.length));
    if (value === '') {
      // A blank line belongs to the value, one with a comment does not.
      if (start === null) this.#draft?.lines.push({ text: '', at });
      return;
    }
    const indent = indentOf(line);
    if (this.#section !== null && indent > this.#indent && (this.#draft !== null || this.#skipping)) {
      this.#draft?.lines.push({ text: value, at });
      if (this.#skipping) this.#lose(value);
      return;
    }
    this.#indent = indent;
    this.#skipping = false;
    // The name ends at the last bracket of the line.
    const header = /^\[(.+)\]/.exec(value)?.[1];
    if (header !== undefined) this.#open(header, at);
    else this.#option(value, at);
  }

  result(): IniFile {
    const sections = [...this.#sections].map(([name, { at, drafts }]): [string, Section] => {
      const entries = [...drafts].map(([option, draft]): [string, Entry] => [
        option,
        { at: draft.at, value: textOf(draft) },
      ]);
      return [name, { at, entries: new Map(entries) }];
    });
    return { sections: new Map(sections), flaws: this.#told(), lost: this.#lost };
  }

  #open(name: string, at: Place): void {
    const known = this.#sections.get(name);
    if (known === undefined) this.#sections.set(name, { at, drafts: new Map() });
    this.#section = name;
    this.#draft = null;
    if (known !== undefined && name !== defaultSection) {
      this.#flaw(
        at,
        `the section ${quote(name)} begins a second time`,
        `Join it with line ${known.at.line}.`,
      );
    }
  }

  #option(value: string, at: Place): void {
    this.#draft = null;
    const end = value.search(/[=:]/);
    const name = strip(value.slice(0, Math.max(0, end))).toLowerCase();
    const drafts = this.#section === null ? undefined : this.#sections.get(this.#section)?.drafts;
    if (drafts === undefined || name === '') {
      this.#skipping = true;
      this.#flaw(at, ...this.#unreadable(value));
      this.#lose(value);
      return;
    }
    const known = drafts.get(name);
    if (known !== undefined) {
      const message = `${quote(name)} is set a second time in ${quote(this.#section ?? '')}`;
      this.#flaw(at, message, `Remove this one, or line ${known.at.line}.`);
      for (const { text } of known.lines) this.#lose(text);
    }
    this.#draft = { at, lines: [{ text: strip(value.slice(end + 1)), at }] };
    drafts.set(name, this.#draft);
  }

  #lose(text: string): void {
    if (this.#section === defaultSection && this.#lost.length < mostLost) this.#lost.push(text);
  }

  #unreadable(value: string): [message: string, remedy: string] {
    if (value.startsWith('['))
      return [`${quote(value)} opens a section and does not close it`, 'Add the "]".'];
    if (this.#section === null) return [`${quote(value)} stands before any [section]`, 'Put it below one.'];
    return [`${quote(value)} is neither a section nor "name = value"`, 'Write "name = value", or indent it.'];
  }

  #flaw(at: Place, message: string, remedy: string): void {
    if (this.#flaws.length < mostFlaws) {
      const error = problemAt(at, message, remedy, 'fail2ban-syntax');
      this.#flaws.push({ error, section: this.#section });
      return;
    }
    this.#further += 1;
    this.#furtherSections.add(this.#section);
  }

  /** The first flaws as they are, and one for all others in each section. */
  #told(): Flaw[] {
    if (this.#further === 0) return this.#flaws;
    const message = `${this.#further} further lines cannot be read`;
    const error = new BailiffError('fail2ban-syntax', message, { where: this.#file });
    return [...this.#flaws, ...[...this.#furtherSections].map((section) => ({ error, section }))];
  }
}

/** The lines as one text, without blank ones at the end. */
function textOf({ lines }: Draft): TracedText {
  const end = lines.findLastIndex(({ text }) => text !== '') + 1;
  const kept = lines.slice(0, Math.max(1, end));
  return TracedText.join(
    kept.map(({ text, at }, index) => TracedText.of(index + 1 < kept.length ? `${text}\n` : text, at)),
  );
}
