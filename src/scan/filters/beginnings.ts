import type { Literals } from '../literals.ts';

/** Which of several expressions, in their order, may match a text, as far as its first character tells. */
export class ByFirstCharacter<Expression extends { readonly beginnings: Literals }> {
  readonly #lists: readonly (readonly Expression[])[];
  /** For texts that begin with another character than those of ASCII, or with none. */
  readonly #others: readonly Expression[];

  constructor(all: readonly Expression[]) {
    const mayBeginWith = (character: string) =>
      all.filter(({ beginnings }) => beginnings?.some((text) => text.startsWith(character)) ?? true);
    this.#lists = Array.from({ length: 128 }, (_, code) => mayBeginWith(String.fromCharCode(code)));
    this.#others = all.filter(
      ({ beginnings }) => beginnings?.every((text) => text.charCodeAt(0) < 128) !== true,
    );
  }

  of(text: string): readonly Expression[] {
    return this.#lists[text.charCodeAt(0)] ?? this.#others;
  }
}

/** False where the text begins with none of these, which is seen sooner than by running the expression. */
export function mayBegin(text: string, beginnings: Literals): boolean {
  if (beginnings === null) return true;
  for (let index = 0; index < beginnings.length; index++)
    if (text.startsWith(beginnings[index] ?? '')) return true;
  return false;
}
