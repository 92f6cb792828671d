import { BailiffError } from '../core/errors.ts';
import { jailsVariable, jailVariablePrefix, variableText } from './option-names.ts';
import { jailName } from './schema.ts';
import { plain, quote } from './show.ts';
import { nearest } from './suggest.ts';

/** Finds the jail that a variable's capitals stand for. */
export class JailNames {
  readonly #groups: readonly (readonly string[])[];
  readonly #variables: ReadonlyMap<string, string>;

  /** Earlier groups come first: a jail of that name before a filter of that name. */
  constructor(groups: readonly (readonly string[])[], variables: ReadonlyMap<string, string>) {
    this.#groups = groups;
    this.#variables = variables;
  }

  resolve(capitals: string, variable: string): string {
    for (const group of this.#groups) {
      const found = [...new Set(group.filter((name) => variableText(name) === capitals))];
      if (found.length > 1) {
        throw new BailiffError('config-invalid', `stands for more than one jail: ${found.join(', ')}`, {
          where: variable,
          remedy: 'Set the option in the configuration file, where names are exact.',
        });
      }
      if (found[0] !== undefined) return found[0];
    }
    // A jail of its own: BAILIFF_JAIL_WEB_FILTER=nginx-http-auth makes the jail web.
    const own = capitals.toLowerCase().replaceAll('_', '-');
    if (this.#variables.has(`${jailVariablePrefix}${capitals}_FILTER`) && jailName.test(own)) return own;
    throw this.#unknown(capitals, variable);
  }

  #unknown(capitals: string, variable: string): BailiffError {
    const near = nearest(capitals, this.#groups.flat().map(variableText));
    const suggestion = near === null ? '' : ` Did you mean ${jailVariablePrefix}${near}_…?`;
    return new BailiffError('config-unknown-jail', `no jail and no filter is called ${quote(capitals)}`, {
      where: plain(variable),
      remedy: `Name the jail in ${jailsVariable}, or give it ${jailVariablePrefix}${plain(capitals)}_FILTER.${suggestion}`,
    });
  }
}
