import { none } from '../core/entry-pool.ts';

/** The few texts that many bans share, their jails and policies: each once, by number, with how many share it. */
export class SharedTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #free: number[] = [];
  readonly #counts = new Map<string, number>();

  /** How many share each; those at nought are expected. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Of a text that nobody has, none. */
  numberOf(text: string): number {
    return this.#numbers.get(text) ?? none;
  }

  text(number: number): string {
    return this.#texts[number] ?? '';
  }

  /** One more has it. @returns its number */
  take(text: string): number {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = text;
    this.#numbers.set(text, number);
    return number;
  }

  /** One has it no more. With the last, the number is another's from now on. */
  drop(number: number): void {
    const text = this.text(number);
    const left = (this.#counts.get(text) ?? 0) - 1;
    if (left > 0) {
      this.#counts.set(text, left);
      return;
    }
    this.#counts.delete(text);
    this.#numbers.delete(text);
    this.#free.push(number);
  }

  /** Somebody will have it: it is counted, at nought, until whoever has it last has it no more. */
  expect(text: string): void {
    if (!this.#counts.has(text)) this.#counts.set(text, 0);
  }
}
