import { BailiffError } from '../core/errors.ts';
import { truth } from './readers.ts';
import { jailName, jailShape, labelOptions } from './schema.ts';
import { quote } from './show.ts';
import { nearest } from './suggest.ts';

/** Whoever may start a container writes its labels: each limit is far above any honest use. */
const mostLabels = 64;
const longestLabel = 1_024;
const mostJails = 16;

const labelPrefix = 'bailiff.';
const enableLabel = 'bailiff.enable';
const jailsLabel = 'bailiff.jails';
const jailLabelPrefix = 'bailiff.jail.';

export interface RequestRules {
  /** Options that labels may set here, by their names in labels. */
  readonly options: readonly string[];
  /** The jails of a container that only says `bailiff.enable=true`. @throws BailiffError where there are none */
  readonly usualJails: () => readonly string[];
}

/** Whether a container has labels that are meant for Bailiff. */
export function hasLabels(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((key) => key.startsWith(labelPrefix));
}

/** Sorts one container's labels into raw jail options, and remembers which label said what. */
export class LabelRequest {
  readonly jails = new Map<string, Record<string, string>>();
  readonly errors: BailiffError[] = [];
  readonly #container: string;
  readonly #rules: RequestRules;

  constructor(container: string, rules: RequestRules) {
    this.#container = container;
    this.#rules = rules;
  }

  /** Where the thing at a path of the layer `jails` was written. */
  readonly where = (path: readonly PropertyKey[]): string => {
    const [, jail, option] = path;
    const [label] = [...labelOptions].find(([, each]) => each === option) ?? [];
    return this.#place(label === undefined ? jailsLabel : `${jailLabelPrefix}${String(jail)}.${label}`);
  };

  read(labels: Readonly<Record<string, string>>): void {
    const own = this.#bounded(labels);
    const enabled = this.#readEnable(own.get(enableLabel));
    if (enabled === false) {
      this.errors.length = 0;
      return;
    }
    const names = own.get(jailsLabel);
    if (names !== undefined) this.#readNames(names);
    const options = [...own.keys()].flatMap((key) => {
      if (key === enableLabel || key === jailsLabel) return [];
      const option = this.#readOption(key);
      return option === null ? [] : [{ ...option, key, value: own.get(key) ?? '' }];
    });
    // A jail exists when it is named, or has a filter of its own; as in the environment.
    for (const { jail, option } of options) if (option === 'filter') this.#add(jail);
    // A name that is wrong, or a variable that is empty, is no wish for all that fits.
    if (enabled === true && names === undefined && this.jails.size === 0) this.#addUsual();
    if (names?.trim() === '' && this.jails.size === 0) this.#refuse(jailsLabel, 'names no jail');
    for (const { key, jail, option, value } of options) {
      const raw = this.jails.get(jail);
      if (raw !== undefined) raw[option] = value;
      else this.#refuse(key, `${jailsLabel} does not name this jail`);
    }
  }

  #bounded(labels: Readonly<Record<string, string>>): Map<string, string> {
    const own = Object.entries(labels).filter(([key]) => key.startsWith(labelPrefix));
    if (own.length > mostLabels)
      this.#refuse(labelPrefix, `more than ${mostLabels} labels; the rest is not read`);
    const short = own.slice(0, mostLabels).filter(([key, value]) => {
      if (key.length <= longestLabel && value.length <= longestLabel) return true;
      this.#refuse(key, `is longer than ${longestLabel} characters`);
      return false;
    });
    return new Map(short);
  }

  #readEnable(value: string | undefined): boolean | undefined {
    if (value === undefined) return undefined;
    const read = truth().safeParse(value);
    if (!read.success) this.#refuse(enableLabel, `expected true or false; found ${quote(value)}`);
    return read.data;
  }

  #readNames(value: string): void {
    const names = [...new Set(value.split(/[\s,]+/).filter(Boolean))];
    if (names.length > mostJails)
      this.#refuse(jailsLabel, `names more than ${mostJails} jails; the rest is not read`);
    for (const name of names.slice(0, mostJails)) {
      if (jailName.test(name)) this.#add(name);
      else this.#refuse(jailsLabel, `${quote(name)} cannot name a jail`);
    }
  }

  #addUsual(): void {
    try {
      for (const name of this.#rules.usualJails()) this.#add(name);
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      this.#refuse(enableLabel, error.message, error.remedy);
    }
  }

  #add(name: string): void {
    if (!this.jails.has(name) && this.jails.size < mostJails) this.jails.set(name, {});
  }

  #readOption(key: string): { jail: string; option: string } | null {
    const rest = key.startsWith(jailLabelPrefix) ? key.slice(jailLabelPrefix.length) : '';
    const { jail, name } = splitJail(rest);
    const option = labelOptions.get(name);
    if (!jailName.test(jail))
      this.#refuse(
        key,
        'no such label',
        `Known: ${enableLabel}, ${jailsLabel}, ${jailLabelPrefix}NAME.OPTION.`,
      );
    else if (option === undefined) this.#refuseOption(key, name);
    else if (this.#rules.options.includes(name)) return { jail, option };
    else
      this.#refuse(
        key,
        `labels may not set ${name} here`,
        'label-options of the host says what they may set.',
      );
    return null;
  }

  #refuseOption(key: string, name: string): void {
    if (Object.hasOwn(jailShape, name)) {
      this.#refuse(key, `${name} cannot be set by a label`, 'Set it in the configuration of the host.');
      return;
    }
    const names = [...labelOptions.keys()];
    const near = nearest(name, names);
    const remedy = near === null ? `Known: ${names.join(', ')}.` : `Did you mean "${near}"?`;
    this.#refuse(key, 'no such option', remedy);
  }

  #refuse(label: string, message: string, remedy?: string): void {
    const code = message.startsWith('no such') ? 'config-unknown-key' : 'config-invalid';
    const details = { where: this.#place(label), ...(remedy === undefined ? {} : { remedy }) };
    this.errors.push(new BailiffError(code, message, details));
  }

  #place(label: string): string {
    return `container ${quote(this.#container)}, label ${quote(label)}`;
  }
}

/** Names of jails and of options may both hold dots: what ends like an option is one, `web.bantime.increment` too. */
function splitJail(rest: string): { jail: string; name: string } {
  const known = [...labelOptions.keys(), ...Object.keys(jailShape)].find((name) => rest.endsWith(`.${name}`));
  const end = known === undefined ? rest.lastIndexOf('.') : rest.length - known.length - 1;
  return { jail: rest.slice(0, Math.max(0, end)), name: rest.slice(end + 1) };
}
