import { emitKeypressEvents } from 'node:readline';
import { coloured, lineText, type Piece } from './pieces.ts';

/** xterm's other screen, and its cursor (ctlseqs, "DEC Private Mode Set"). */
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const restOfLine = '\u001b[K';
const restOfScreen = '\u001b[J';

/** What is drawn in so many rows. */
type Frame = (rows: number) => readonly (readonly Piece[])[];

/** A terminal's other screen, drawn over and over. q, Ctrl-C and signals end it; disposing gives the terminal back. */
export class LiveScreen {
  /** Resolves when whoever looks has seen enough. */
  readonly ended: Promise<void>;
  #frame: Frame = () => [];
  readonly #stop: () => void;
  readonly #key = (_text: string | undefined, key: { name?: string; ctrl?: boolean }): void => {
    if (key.name === 'q' || (key.ctrl === true && (key.name === 'c' || key.name === 'd'))) this.#stop();
  };
  readonly #resized = (): void => this.#paint();
  readonly #restore = (): void => {
    process.stdin.setRawMode(false);
    process.stdout.write(leave);
  };

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#stop = resolve;
    process.stdin.setRawMode(true);
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.#key);
    process.stdout.on('resize', this.#resized);
    for (const signal of signals) process.on(signal, this.#stop);
    // However it ends, the terminal is as it was.
    process.on('exit', this.#restore);
    process.stdout.write(enter);
  }

  draw(frame: Frame): void {
    this.#frame = frame;
    this.#paint();
  }

  #paint(): void {
    const rows = process.stdout.rows || 24;
    const lines = this.#frame(rows).slice(0, rows - 1);
    const text = lines.map((line) => `${lineText(line, coloured())}${restOfLine}\r\n`).join('');
    process.stdout.write(`${home}${text}${restOfScreen}`);
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#stop);
    process.stdin.off('keypress', this.#key);
    process.stdout.off('resize', this.#resized);
    process.off('exit', this.#restore);
    process.stdin.pause();
    this.#restore();
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
