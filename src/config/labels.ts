import { type ContainerTraits, selects } from '../core/container-selector.ts';
import { BailiffError, orError } from '../core/errors.ts';
import { splitMode } from '../core/filter.ts';
import { policyOf } from '../core/policy.ts';
import { jailOf, modeProblem, optionsOf, setOptions, unknownFilter } from './jails.ts';
import { readLayer } from './layer.ts';
import {
  type Configuration,
  type JailConfiguration,
  type JailOptions,
  jailName,
  jailShape,
  optionEntries,
} from './schema.ts';
import { quote } from './show.ts';
import { nearest } from './suggest.ts';

/** Whoever may start a container writes its labels: each limit is far above any honest use. */
const mostLabels = 64;
const longestLabel = 1_024;
const mostJails = 16;
const mostFiles = 16;
const mostErrors = 20;

const labelPrefix = 'bailiff.';
const jailsLabel = 'bailiff.jails';
const jailLabelPrefix = 'bailiff.jail.';

const shownOptions = Object.entries(jailShape);
/** The options that a label may set, by their names in labels. */
export const labelOptions: ReadonlyMap<string, string> = new Map(
  shownOptions.flatMap(([option, { def }]): [string, string][] => {
    const { label } = optionEntries.get(def.innerType) ?? {};
    return label === undefined ? [] : [[label === true ? option : label, option]];
  }),
);

export interface LabelJails {
  /** Each reads this container only. The name may be that of a configured jail, or of another container's. */
  readonly jails: JailConfiguration[];
  readonly errors: BailiffError[];
}

/**
 * The jails that a container's labels ask for. A label can add a jail for its own container and set
 * limits of it: with others than its name means elsewhere it is called NAME@CONTAINER and counts for
 * itself, so that no container weakens another's protection. It cannot read anything else, ignore anybody, or bring back a jail that the
 * configuration switched off. What is refused is reported, the rest stands. Never throws.
 */
export function jailsFromLabels(
  labels: Readonly<Record<string, string>>,
  container: string,
  configuration: Configuration,
  image = '',
): LabelJails {
  const request = new LabelRequest(container);
  request.read(labels);
  const { jails, where } = request;
  const { layer, errors } = readLayer({ jails: Object.fromEntries(jails) }, where);
  const files = [...layer.jails.values()].reduce((sum, { inside = [] }) => sum + inside.length, 0);
  if (files > mostFiles)
    return { jails: [], errors: [tooManyFiles(container), ...request.errors, ...errors] };
  const decided = [...layer.jails].flatMap(([name, options]) => {
    const traits = { name: container, image, labels };
    const jail = orError(() => decide(name, options, traits, configuration, where(['jails', name])));
    if (!(jail instanceof BailiffError)) return jail === null ? [] : [jail];
    errors.push(jail);
    return [];
  });
  return { jails: decided, errors: [...request.errors, ...errors].slice(0, mostErrors) };
}

/** null where a configured jail reads the container already. @throws BailiffError where the filter's file is not valid */
function decide(
  name: string,
  fromLabels: JailOptions,
  container: ContainerTraits,
  configuration: Configuration,
  where: string,
): JailConfiguration | BailiffError | null {
  const configured = configuration.jails.find((jail) => jail.name === name);
  const fromEnvironment = setOptions(configuration.environmentJails.get(name) ?? {});
  if (configured?.enabled === false || fromEnvironment.enabled === false) {
    return new BailiffError('config-invalid', `jail ${quote(name)} is switched off in the configuration`, {
      where,
    });
  }
  if (configured?.container.some((selector) => selects(selector, container)) === true)
    return fromLabels.inside === undefined ? null : alreadyRead(name, where);
  const own = {
    logpath: [],
    container: [container.name],
    journal: [],
    kubernetes: [],
    syslog: [],
    bans: [],
  };
  const { filters } = configuration;
  const made = (options: JailOptions): JailConfiguration => {
    const { inside, ...usual } = configured === undefined ? {} : optionsOf(configured);
    const files = inside === undefined || inside.length === 0 ? {} : { inside };
    const all = { ...usual, ...files, ...options, ...fromEnvironment, ...own };
    return jailOf(name, all, configuration.defaults, filters.about(all.filter ?? name));
  };
  const jail = made(setOptions(fromLabels));
  const { filter } = splitMode(jail.filter);
  if (!filters.has(filter) && jail.filter !== configured?.filter)
    return unknownFilter(name, filter, filters.names, where);
  const noMode = modeProblem(jail, filters, where);
  if (noMode !== null) return noMode;
  // By the container alone, not by who came first: counts and bans are stored under the name.
  return sameRule(jail, made({})) ? jail : { ...jail, name: `${name}@${container.name}` };
}

function tooManyFiles(container: string): BailiffError {
  return new BailiffError('config-invalid', `names more than ${mostFiles} files to read`, {
    where: `container ${quote(container)}`,
    remedy: 'None of its labels is heeded: name fewer with logpath.',
  });
}

function alreadyRead(name: string, where: string): BailiffError {
  return new BailiffError('config-invalid', `jail ${quote(name)} reads this container already`, {
    where,
    remedy: 'Set inside in the configuration of the host, or leave the container to the label.',
  });
}

/** Whether two jails judge and ban alike: same filter, same limits, same policy. */
export function sameRule(a: JailConfiguration, b: JailConfiguration): boolean {
  const rule = ({ filter, maxretry, findtime, bantime, action, ports }: JailConfiguration) =>
    [filter, maxretry, findtime, bantime, policyOf(action, ports, '')].join(' ');
  return rule(a) === rule(b);
}

/** Sorts labels into raw jail options, and remembers which label said what. */
class LabelRequest {
  readonly jails = new Map<string, Record<string, string>>();
  readonly errors: BailiffError[] = [];
  readonly #container: string;

  constructor(container: string) {
    this.#container = container;
  }

  readonly where = (path: readonly PropertyKey[]): string => {
    const [, jail, option] = path;
    const [label] = [...labelOptions].find(([, each]) => each === option) ?? [];
    return this.#place(label === undefined ? jailsLabel : `${jailLabelPrefix}${String(jail)}.${label}`);
  };

  read(labels: Readonly<Record<string, string>>): void {
    const own = Object.entries(labels).filter(([key]) => key.startsWith(labelPrefix));
    if (own.length > mostLabels)
      this.#refuse(labelPrefix, `more than ${mostLabels} labels; the rest is not read`);
    const options: [string, string, string][] = [];
    for (const [key, value] of own.slice(0, mostLabels)) {
      if (key.length > longestLabel || value.length > longestLabel) {
        this.#refuse(key, `is longer than ${longestLabel} characters`);
      } else if (key === jailsLabel) this.#readNames(value);
      else {
        const option = this.#readOption(key);
        if (option !== null) options.push([...option, value]);
      }
    }
    for (const [jail, option, value] of options) this.#set(jail, option, value, options);
  }

  #readNames(value: string): void {
    const names = [...new Set(value.split(/[\s,]+/).filter(Boolean))];
    if (names.length > mostJails)
      this.#refuse(jailsLabel, `names more than ${mostJails} jails; the rest is not read`);
    for (const name of names.slice(0, mostJails)) {
      if (jailName.test(name)) this.jails.set(name, {});
      else this.#refuse(jailsLabel, `${quote(name)} cannot name a jail`);
    }
  }

  #readOption(key: string): [string, string] | null {
    const rest = key.startsWith(jailLabelPrefix) ? key.slice(jailLabelPrefix.length) : '';
    const dot = rest.lastIndexOf('.');
    const [jail, label] = [rest.slice(0, Math.max(0, dot)), rest.slice(dot + 1)];
    const option = labelOptions.get(label);
    if (!jailName.test(jail))
      this.#refuse(key, 'no such label', `Known: ${jailsLabel}, ${jailLabelPrefix}NAME.OPTION.`);
    else if (option !== undefined) return [jail, option];
    else if (Object.hasOwn(jailShape, label)) {
      this.#refuse(key, `${label} cannot be set by a label`, 'Set it in the configuration of the host.');
    } else {
      const names = [...labelOptions.keys()];
      const near = nearest(label, names);
      this.#refuse(
        key,
        'no such option',
        near === null ? `Known: ${names.join(', ')}.` : `Did you mean "${near}"?`,
      );
    }
    return null;
  }

  /** A jail exists when it is named, or has a filter of its own; as in the environment. */
  #set(jail: string, option: string, value: string, all: readonly (readonly string[])[]): void {
    const made = all.some(([name, other]) => name === jail && other === 'filter');
    if (made && !this.jails.has(jail) && this.jails.size < mostJails) this.jails.set(jail, {});
    const options = this.jails.get(jail);
    if (options !== undefined) options[option] = value;
    else this.#refuse(`${jailLabelPrefix}${jail}.${option}`, `${jailsLabel} does not name this jail`);
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
