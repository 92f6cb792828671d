import { printable } from './printable.ts';

/** A text in a colour, where there are colours. */
export interface Painted {
  readonly text: string;
  readonly colour: Colour;
}

/** Part of a line. No escape sequence stands in one: `printLine` alone writes them. */
export type Piece = string | Painted;

/** By ECMA-48's SGR: how it begins and how it ends. */
const colours = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;
export type Colour = keyof typeof colours;

export function paint(colour: Colour, text: string): Painted {
  return { text, colour };
}

export function textOf(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece.text;
}

/** Whether colours may be used (no-color.org). */
export function coloured(): boolean {
  const { NO_COLOR: none = '', TERM: terminal } = process.env;
  return process.stdout.isTTY === true && none === '' && terminal !== 'dumb';
}

/** The columns of the terminal; without end where it is none. */
export function terminalColumns(): number {
  return process.stdout.isTTY === true ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** What `printLine` writes, without the line end. */
export function lineText(pieces: readonly Piece[], inColour: boolean): string {
  const texts = pieces.map((piece) => {
    const text = printable(textOf(piece));
    if (typeof piece === 'string' || !inColour || text === '') return text;
    const [begin, end] = colours[piece.colour];
    return `\u001b[${begin}m${text}\u001b[${end}m`;
  });
  return texts.join('').trimEnd();
}
