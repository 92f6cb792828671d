import type { BailiffError } from '../core/errors.ts';

/** Everything that is wrong with a configuration, told at once. */
export class ConfigurationErrors extends Error {
  readonly errors: readonly BailiffError[];

  constructor(errors: readonly BailiffError[]) {
    super(errors.map((error) => error.describe()).join('\n'));
    this.name = 'ConfigurationErrors';
    this.errors = errors;
  }
}
