import type { TrialLine } from './filter-trial.ts';
import { printable } from './printable.ts';

const kinds = ['matched', 'missed', 'ignored'] as const;

/** Which lines of a log are wanted: `some` of them, or `all`. */
export type WantedLines = Readonly<Record<Kind, 'none' | 'some' | 'all'>>;
type Kind = (typeof kinds)[number];

/** The options of the command line for them. */
export interface LineFlags {
  readonly printMatched?: true;
  readonly printMissed?: true;
  readonly printIgnored?: true;
  readonly printAllMatched?: true;
  readonly printAllMissed?: true;
  readonly printAllIgnored?: true;
}

/** Undefined: none is wanted. */
export function wantedLines(flags: LineFlags): WantedLines | undefined {
  const { printMatched, printMissed, printIgnored } = flags;
  const wanted = (some?: true, all?: true) => (all ? 'all' : some ? 'some' : 'none');
  const lines = {
    matched: wanted(printMatched, flags.printAllMatched),
    missed: wanted(printMissed, flags.printAllMissed),
    ignored: wanted(printIgnored, flags.printAllIgnored),
  } as const;
  return Object.values(lines).every((each) => each === 'none') ? undefined : lines;
}

/** As many as fail2ban-regex prints. */
const someLines = 20;
const longestLine = 1_000;

const kindOf = { hit: 'matched', nofail: 'matched', ignored: 'ignored', miss: 'missed' } as const;

/** Prints lines of a log as they are judged, each with its result and its number. */
export class LinePrinter {
  readonly #wanted: WantedLines;
  readonly #print: (line: string) => void;
  readonly #counts: Record<Kind, number> = { matched: 0, missed: 0, ignored: 0 };

  constructor(wanted: WantedLines, print: (line: string) => void) {
    this.#wanted = wanted;
    this.#print = print;
  }

  take({ number, bytes, match }: TrialLine): void {
    const result = match?.result ?? 'miss';
    const kind = kindOf[result];
    const wanted = this.#wanted[kind];
    if (wanted === 'none' || (++this.#counts[kind] > someLines && wanted === 'some')) return;
    this.#print(`${result.padEnd(7)} ${String(number).padStart(6)}: ${shown(bytes)}`);
  }

  /** Says what was left out. */
  finish(): void {
    for (const kind of kinds) {
      const more = this.#counts[kind] - someLines;
      if (this.#wanted[kind] === 'some' && more > 0)
        this.#print(`${more} more lines ${kind}: --print-all-${kind} prints them`);
    }
  }
}

/** A log's line is somebody else's text: nothing of it may move the terminal's cursor. */
function shown(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, longestLine * 4).replace(/\r?\n$/, '');
  return text.length > longestLine ? `${printable(text.slice(0, longestLine))}…` : printable(text);
}
