import type { BailiffError } from '../../core/errors.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import type { TracedText } from './traced-text.ts';

/** Room for a list of ten thousand addresses; the longest value of fail2ban's own has 3 kB. */
const longestValue = 262_144;
/** The busiest stock jail takes 260 substitutions, and copies 120,000 characters. */
const mostSubstitutions = 10_000;
const mostWeight = 4 * 1_048_576;

/**
 * What the substitutions of one jail may take: ten options that each name another ten times unfold to ten thousand
 * million, whether or not anything comes of it.
 */
export class Budget {
  #substitutions = 0;
  #weight = 0;

  /** Counts one substitution. @throws BailiffError fail2ban-invalid */
  spend(made: TracedText, at: Place): void {
    this.#substitutions += 1;
    this.#weight += made.weight;
    if (made.text.length > longestValue) throw tooMuch(at, 'grows beyond 256 kB by what is put into it');
    if (this.#substitutions > mostSubstitutions || this.#weight > mostWeight) {
      throw tooMuch(at, 'takes more substitutions than any configuration needs');
    }
  }
}

function tooMuch(at: Place, message: string): BailiffError {
  return problemAt(at, `the value ${message}`, 'Write it out with fewer references.');
}
