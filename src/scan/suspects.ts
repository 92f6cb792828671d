import type { ExpressionPlace } from './protocol.ts';
import type { Place } from './spot.ts';

type Suspect = Pick<Place, 'filter' | 'expression' | 'length'> & {
  /** Whether a worker has met the text, and skipped it. */
  met: boolean;
};

/** The runs for which workers were ended, until the texts are judged: each successor has to know of them. */
export class Suspects {
  #suspects: Suspect[] = [];

  add({ filter, expression, length }: Place): void {
    this.#suspects.push({ filter, expression, length, met: false });
  }

  all(): readonly Readonly<Suspect>[] {
    return this.#suspects;
  }

  /** A text was skipped. False: it is not one for which a worker was ended. */
  meet(place: ExpressionPlace): boolean {
    const suspect = this.#suspects.find((each) => isOf(each, place) && !each.met);
    if (suspect === undefined) return false;
    suspect.met = true;
    return true;
  }

  /** All texts of the expression are judged. */
  acquit(place: ExpressionPlace): void {
    this.#suspects = this.#suspects.filter((each) => !isOf(each, place));
  }
}

function isOf(suspect: Suspect, { filter, expression }: ExpressionPlace): boolean {
  return suspect.filter === filter && suspect.expression === expression;
}
