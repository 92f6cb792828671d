import { type Piece, textOf } from './pieces.ts';
import { printable } from './printable.ts';
import { cutText, textWidth } from './text-width.ts';

/** Between two columns. */
const gap = 2;
/** No column of a table that is too wide is made narrower than this. */
const narrowest = 12;

/** One line of a table: pieces for `printLine`. */
export type Line = readonly Piece[];

/**
 * Rows under a heading, in columns wide enough for them. Where `columns`, the room there is, does not do, the widest
 * are cut: on a terminal a row stays a line.
 */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly Piece[])[],
  columns = Number.POSITIVE_INFINITY,
): readonly Line[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) =>
    Math.max(...all.map((row) => textWidth(printable(textOf(row[column] ?? ''))))),
  );
  narrow(widths, columns - gap * (widths.length - 1));
  return all.map((row) => row.flatMap((cell, column) => cellOf(cell, widths, column, row.length - 1)));
}

function narrow(widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) return;
    widths[widths.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
}

/** A cell and the room behind it; behind the last of a row there is none. */
function cellOf(cell: Piece, widths: readonly number[], column: number, last: number): Piece[] {
  const width = widths[column] ?? 0;
  const text = cutText(printable(textOf(cell)), width);
  const shown = typeof cell === 'string' ? text : { ...cell, text };
  if (column === last) return [shown];
  return [shown, ' '.repeat(Math.max(0, width - textWidth(text)) + gap)];
}
