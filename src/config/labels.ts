import { type ContainerTraits, repositoryOf, selects } from '../core/container-selector.ts';
import { BailiffError, orError } from '../core/errors.ts';
import { splitMode } from '../core/filter.ts';
import { selectsPod } from '../core/pod-selector.ts';
import { isWithin, type Ports, policyOf } from '../core/policy.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import { jailOf, modeProblem, optionsOf, over, setOptions, unknownFilter } from './jails.ts';
import { hasLabels, LabelRequest } from './label-request.ts';
import { readLayer } from './layer.ts';
import type { Configuration, JailConfiguration, JailOptions } from './schema.ts';
import { quote } from './show.ts';
import { type Fitting, usualJails } from './usual-jails.ts';

const mostFiles = 16;
const mostErrors = 20;

export interface LabelJails {
  /** Each reads this container only. The name may be that of a configured jail, or of another container's. */
  readonly jails: JailConfiguration[];
  readonly errors: BailiffError[];
  /** What the owner should know of jails that nobody named, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The jails that a container's labels ask for. A label can add a jail for its own container and set
 * limits of it: with others than its name means elsewhere, and where it shuts the container's own ports, as is usual,
 * it is called NAME@CONTAINER and counts for itself, so that no container weakens another's protection; NAME@*,
 * where the configuration has a jail NAME for other logs, is that of all containers that ask for it. It cannot read anything else, ignore anybody, shut
 * ports that the configuration leaves open, or bring back a jail that the configuration switched off. What is refused is
 * reported, the rest stands. Never throws.
 */
export function jailsFromLabels(container: ContainerTraits, configuration: Configuration): LabelJails {
  const { labels: rules } = configuration;
  const { name, labels } = container;
  if (!rules.heeded || !hasLabels(labels)) return { jails: [], errors: [], notes: [] };
  if (!rules.containers.some((selector) => selects(selector, container)))
    return { jails: [], errors: [notHeeded(name)], notes: [] };
  const labelled = new LabelledContainer(container, configuration);
  const request = new LabelRequest(name, {
    options: rules.options,
    usualJails: () => labelled.jailsOfImage(),
  });
  request.read(labels);
  const { jails, where } = request;
  const { layer, errors } = readLayer({ jails: Object.fromEntries(jails) }, where);
  const files = [...layer.jails.values()].reduce((sum, { inside = [] }) => sum + inside.length, 0);
  if (files > mostFiles)
    return {
      jails: [],
      errors: [tooManyFiles(name), ...request.errors, ...errors].slice(0, mostErrors),
      notes: [],
    };
  const decided: JailConfiguration[] = [];
  for (const [jail, options] of layer.jails) {
    const { made, problems } = labelled.decide(jail, options, (option) =>
      where(['jails', jail, ...(option === undefined ? [] : [option])]),
    );
    if (made !== null) decided.push(made);
    errors.push(...problems);
  }
  const { notes } = labelled;
  return { jails: decided, errors: [...request.errors, ...errors].slice(0, mostErrors), notes };
}

interface Decision {
  /** null where it is refused, or not wanted. */
  readonly made: JailConfiguration | null;
  readonly problems: readonly BailiffError[];
}

const decline = (...problems: readonly BailiffError[]): Decision => ({ made: null, problems });

/** One container whose labels are heeded, and what its jails may be. */
class LabelledContainer {
  /** What was decided where nobody named a jail. */
  readonly notes: string[] = [];
  readonly #container: ContainerTraits;
  readonly #configuration: Configuration;

  constructor(container: ContainerTraits, configuration: Configuration) {
    this.#container = container;
    this.#configuration = configuration;
  }

  /**
   * The jails for its image (usual-jails.ts), those that the configuration has switched off or keeps from labels aside.
   * @throws BailiffError where no filter belongs to it, or none is allowed
   */
  jailsOfImage(): string[] {
    const fitting = this.#configuration.filters.names.flatMap((name) => this.#fitting(name));
    const allowed = fitting.filter(({ name }) => this.#isAllowed(name) && !this.#isOff(name));
    if (allowed.length > 0) return this.#choose(allowed);
    const names = fitting.map(({ name }) => name);
    const image = quote(this.#container.image);
    if (names.length === 0) {
      throw new BailiffError('config-invalid', `no filter belongs to the image ${image}`, {
        remedy: 'Name jails with bailiff.jails; `bailiff filter list` says which filters there are.',
      });
    }
    const message = `of the image ${image} the configuration allows none of the jails: ${names.join(', ')}`;
    throw new BailiffError('config-invalid', message);
  }

  #choose(fitting: readonly Fitting[]): string[] {
    const { started, leftOut } = usualJails(fitting, this.#reading());
    const note = (text: string): unknown =>
      this.notes.push(`container ${quote(this.#container.name)}, label "bailiff.enable": ${text}`);
    for (const { name, about } of started)
      if (about.forgeable !== null)
        note(`${name} is started though its log is forgeable: ${about.forgeable}`);
    if (leftOut.length > 0) note(`left out: ${leftOut.join(', ')}; name it in bailiff.jails to have it`);
    return started.map(({ name }) => name);
  }

  decide(name: string, fromLabels: JailOptions, where: (option?: string) => string): Decision {
    if (fromLabels.enabled === false) return decline();
    const configured = this.#configured(name);
    if (this.#isOff(name)) return decline(switchedOff(name, where()));
    if (!this.#isAllowed(name)) return decline(notAllowed(name, where()));
    if (configured !== undefined && this.#isReadBy(configured)) {
      const [option] = Object.keys(setOptions(fromLabels));
      return option === undefined ? decline() : decline(alreadyRead(name, where(option)));
    }
    const decided = orError(() => this.#decide(name, fromLabels, where));
    return decided instanceof BailiffError ? decline(decided) : decided;
  }

  /** @throws BailiffError where the filter's file is not valid */
  #decide(name: string, fromLabels: JailOptions, where: (option?: string) => string): Decision {
    const { filters } = this.#configuration;
    const usual = this.#make(name, {});
    const { options, problems } = narrowed(fromLabels, usual, where('ports'));
    const jail = this.#make(name, options);
    const { filter } = splitMode(jail.filter);
    if (!filters.has(filter) && !this.#isOfFail2ban(jail.filter))
      return decline(...problems, unknownFilter(name, filter, filters.names, where()));
    const noMode = modeProblem(jail, filters, where('mode'));
    if (noMode !== null) return decline(...problems, noMode);
    // By the container alone, not by who came first: counts and bans are stored under the name. What is published is
    // a matter of this container alone, too.
    const shared = sameRule(jail, usual) && jail.ports !== 'published';
    const shareable = this.#hasOtherSources(name) ? `${name}@*` : name;
    return { made: { ...jail, name: shared ? shareable : `${name}@${this.#container.name}` }, problems };
  }

  #isOfFail2ban(filter: string): boolean {
    return this.#configuration.fail2ban?.filters.some(({ name }) => name === filter) === true;
  }

  /** A container must not fill up what the host's own jail counts, of which the stalest goes: they count apart. */
  #hasOtherSources(name: string): boolean {
    const configured = this.#configured(name);
    if (configured === undefined) return false;
    const { logpath, container, journal, kubernetes, syslog, bans } = configured;
    return [logpath, container, journal, kubernetes, syslog, bans].some((sources) => sources.length > 0);
  }

  #make(name: string, fromLabels: JailOptions): JailConfiguration {
    const { filters, defaults } = this.#configuration;
    const configured = this.#configured(name);
    const { inside: files = [], ...usual } = configured === undefined ? {} : optionsOf(configured);
    const filter = fromLabels.filter ?? usual.filter ?? name;
    const inside = files.length > 0 ? files : this.#insideOfImage(filter);
    const ports = this.#ports(usual.ports ?? defaults.ports);
    const below = { ...usual, ...(inside.length === 0 ? {} : { inside }), ports };
    const { ranges: _, ...given } = over(over(below, fromLabels), this.#fromEnvironment(name));
    const options = {
      ...given,
      logpath: [],
      container: [this.#container.name],
      journal: [],
      kubernetes: [],
      syslog: [],
      bans: [],
    };
    return jailOf(name, options, defaults, filters.about(options.filter ?? name));
  }

  /** The files into which its image logs, where others of that service log to their output. */
  #insideOfImage(filter: string): readonly string[] {
    const { inside = [], insideOf = [] } = this.#configuration.filters.about(filter)?.logs ?? {};
    return insideOf.some((image) => selects(`image:${image}`, this.#container)) ? inside : [];
  }

  /** What the host lets labels shut, and no more than the jail would. */
  #ports(usual: Ports): Ports {
    const { ports } = this.#configuration.labels;
    return isWithin(ports, usual) ? ports : usual;
  }

  /** The filter, where it belongs to its image. What is wrong with a filter's file is told where somebody wants it. */
  #fitting(filter: string): Fitting[] {
    const repository = repositoryOf(this.#container.image);
    if (repository === '' || !this.#configuration.filters.mayBelongTo(filter, repository)) return [];
    return this.#named(filter).filter(({ about }) =>
      about.images.some((image) => selects(`image:${image}`, this.#container)),
    );
  }

  /** The filters of the configured jails that read it. */
  #reading(): Fitting[] {
    const jails = this.#configuration.jails.filter((jail) => jail.enabled && this.#isReadBy(jail));
    return jails.flatMap(({ filter }) => this.#named(splitMode(filter).filter));
  }

  #named(filter: string): Fitting[] {
    const about = orError(() => this.#configuration.filters.about(filter));
    return about === null || about instanceof BailiffError ? [] : [{ name: filter, about }];
  }

  #isReadBy({ container, kubernetes }: JailConfiguration): boolean {
    const { pod } = this.#container;
    if (pod !== undefined) return kubernetes.some((selector) => selectsPod(selector, pod));
    return container.some((selector) => selects(selector, this.#container));
  }

  #configured(name: string): JailConfiguration | undefined {
    return this.#configuration.jails.find((jail) => jail.name === name);
  }

  #fromEnvironment(name: string): JailOptions {
    return setOptions(this.#configuration.environmentJails.get(name) ?? {});
  }

  #isOff(name: string): boolean {
    return this.#configured(name)?.enabled === false || this.#fromEnvironment(name).enabled === false;
  }

  #isAllowed(name: string): boolean {
    return this.#configuration.labels.jails.some((pattern) => matchesWildcard(pattern, name));
  }
}

/** A label may shut fewer ports than the configuration says, and those that its container publishes. */
function narrowed(
  options: JailOptions,
  { ports: allowed }: JailConfiguration,
  where: string,
): { options: JailOptions; problems: BailiffError[] } {
  const { ports, ...rest } = options;
  if (ports === undefined || isWithin(ports, allowed)) return { options, problems: [] };
  const error = new BailiffError('config-invalid', 'a label cannot shut more ports than the configuration', {
    where,
    remedy: 'Use published, or set label-ports in the configuration of the host.',
  });
  return { options: rest, problems: [error] };
}

function notHeeded(container: string): BailiffError {
  return new BailiffError('config-invalid', 'the labels of this container are not heeded', {
    where: `container ${quote(container)}`,
    remedy: 'label-containers of the host does not choose it.',
  });
}

function switchedOff(name: string, where: string): BailiffError {
  return new BailiffError('config-invalid', `jail ${quote(name)} is switched off in the configuration`, {
    where,
  });
}

function notAllowed(name: string, where: string): BailiffError {
  return new BailiffError('config-invalid', `labels may not ask for the jail ${quote(name)} here`, {
    where,
    remedy: 'label-jails of the host says for which they may.',
  });
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
    remedy:
      'This label is not heeded. Set it in the configuration of the host, or leave the container to the label.',
  });
}

/** Whether two jails judge and ban alike: same filter, same limits, same policy. */
export function sameRule(a: JailConfiguration, b: JailConfiguration): boolean {
  const rule = ({ filter, maxretry, findtime, bantime, increment, action, ports }: JailConfiguration) =>
    JSON.stringify([filter, maxretry, findtime, bantime, increment, policyOf(action, ports, '')]);
  return rule(a) === rule(b);
}
