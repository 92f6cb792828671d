import type { BailiffError } from '../../core/errors.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import type { TracedText } from './traced-text.ts';

/** No value of fail2ban's own is longer than 20 kB, its expressions included. */
const longestValue = 1_048_576;
/** A stock jail takes some 500 substitutions and a million characters of copying. */
const mostSubstitutions = 100_000;
const mostWeight = 64 * 1_048_576;

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
    if (made.text.length > longestValue) throw tooMuch(at, 'grows beyond 1 MiB by what is put into it');
    if (this.#substitutions > mostSubstitutions || this.#weight > mostWeight) {
      throw tooMuch(at, 'takes more substitutions than any configuration needs');
    }
  }
}

function tooMuch(at: Place, message: string): BailiffError {
  return problemAt(at, `the value ${message}`, 'Write it out with fewer references.');
}
