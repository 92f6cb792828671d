import { Budget } from './budget.ts';
import { fail2banSeconds } from './duration.ts';
import { substituteTags, type Tags } from './tags.ts';
import { TracedText } from './traced-text.ts';
import type { Fail2banAction } from './types.ts';

/** As fail2ban names the families of addresses; '' is neither: an action that makes no difference between them. */
export type ActionFamily = 'inet4' | 'inet6' | '';

export type ActionCommand =
  | 'actionstart'
  | 'actionstop'
  | 'actionflush'
  | 'actioncheck'
  | 'actionrepair'
  | 'actionban'
  | 'actionprolong'
  | 'actionreban'
  | 'actionunban';

/** Seconds; fail2ban's own. */
const usualTimeout = 60;
/** `option?family=inet6`: the value for one family. */
const conditional = /^(?<option>[\p{L}\p{N}_]+)\?family=(?<family>.*)$/u;

/**
 * The commands of an action with its own values in them, as fail2ban puts them together when it runs one: tags in
 * tags, values that differ by family. Tags without a value stay, since theirs comes with a ban.
 */
export class ActionCommands {
  readonly #action: Fail2banAction;
  readonly #values = new Map<string, TracedText>();
  readonly #made = new Map<ActionFamily, Tags>();
  /** Seconds that one command may take. */
  readonly timeout: number;

  constructor(action: Fail2banAction) {
    this.#action = action;
    const timeout = fail2banSeconds(action.properties.get('timeout')?.text ?? '') ?? 0;
    this.timeout = timeout > 0 ? timeout : usualTimeout;
    for (const [name, { text, at }] of [...action.commands, ...action.properties]) {
      // A ban's own time counts, whatever a file says; names with this beginning are not handed to commands.
      if (name !== 'bantime' && !name.startsWith('_')) this.#values.set(name, TracedText.of(text, at));
    }
    this.#values.set('timeout', TracedText.of(String(this.timeout), action.at));
  }

  /** Whether a value differs by family. */
  get differsByFamily(): boolean {
    return [...this.#values.keys()].some((name) => conditional.test(name));
  }

  /** Whether it is started at the first ban of a family and not with the jail. */
  get startsOnDemand(): boolean {
    return this.#action.flags.get('actionstart_on_demand') ?? this.differsByFamily;
  }

  flag(name: 'norestored' | 'actionrepair_on_unban'): boolean {
    return this.#action.flags.get(name) === true;
  }

  /** For which families it is started with the jail. */
  get families(): ActionFamily[] {
    return this.differsByFamily ? ['inet4', 'inet6'] : [''];
  }

  /**
   * The command for a family; '' where there is none to run.
   * @throws BailiffError fail2ban-invalid for values that lead back to themselves
   */
  text(command: ActionCommand, family: ActionFamily): string {
    const text = this.#valuesFor(family).get(command)?.text ?? '';
    return /^\s*$/.test(text) ? '' : text;
  }

  /** A value of the action's own, such as `dest`; null where it has none. @throws BailiffError fail2ban-invalid */
  value(name: string, family: ActionFamily = 'inet4'): string | null {
    return this.#valuesFor(family).get(name)?.text ?? null;
  }

  #valuesFor(family: ActionFamily): Tags {
    const known = this.#made.get(family);
    if (known !== undefined) return known;
    const values = new Map(this.#values);
    for (const [name, value] of this.#values) {
      const { option, family: of } = conditional.exec(name)?.groups ?? {};
      if (option !== undefined && of === family) values.set(option, value);
    }
    const ignore = new Set(['matches', 'ipmatches', 'ipjailmatches']);
    const made = substituteTags(values, { ignore, lookup: () => null, budget: new Budget() });
    this.#made.set(family, made);
    return made;
  }
}
