import { BailiffError } from '../core/errors.ts';
import { JailNames } from './jail-names.ts';
import { type Layer, readLayer } from './layer.ts';
import {
  fileVariable,
  jailOptionNames,
  jailsVariable,
  jailVariablePrefix,
  notifyOptionNames,
  notifyVariablePrefix,
  scriptVariables,
  secretVariableOf,
  variablePaths,
  variablePrefix,
  variableText,
} from './option-names.ts';
import { Overlay } from './overlay.ts';
import { jailName } from './schema.ts';
import { plain, quote } from './show.ts';
import { nearest } from './suggest.ts';

/** What the environment says, and which of its variables were read. */
export interface EnvironmentLayer {
  readonly layer: Layer;
  /** Jails named in BAILIFF_JAILS, or null where it is not set. */
  readonly named: readonly string[] | null;
  readonly errors: readonly BailiffError[];
  readonly variables: readonly string[];
}

/**
 * Reads the BAILIFF_ variables. `jails` and `filters` are the names that a variable's capitals may
 * stand for: NGINX_HTTP_AUTH is nginx-http-auth where there is such a jail, or else such a filter. `secrets` are
 * what the files hold that variables name (see secret-files.ts), and `notifiers` names that variables may stand for, too.
 */
export function readEnvironment(
  environment: NodeJS.ProcessEnv,
  jails: readonly string[],
  filters: readonly string[],
  secrets: ReadonlyMap<string, string> = new Map(),
  notifiers: readonly string[] = [],
): EnvironmentLayer {
  const values = setVariables(environment);
  const errors: BailiffError[] = [];
  const named = readNames(values.get(jailsVariable), errors);
  const overlay = new Overlay();
  const names = new JailNames([named ?? [], jails, filters], values);
  for (const [variable, value] of values) {
    try {
      const secret = secretVariableOf(variable);
      const path = pathOf(secret ?? variable, names, notifiers);
      const text = secret === undefined ? value : secrets.get(variable);
      if (path !== null && text !== undefined) overlay.set(path, variable, text);
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      errors.push(error);
    }
  }
  const { layer, errors: refused } = readLayer(overlay.values, (path) => overlay.variableOf(path));
  return { layer, named, errors: [...errors, ...refused], variables: [...values.keys()] };
}

/** An empty variable is how compose files write "not set"; only for BAILIFF_LISTEN it says something. */
function setVariables(environment: NodeJS.ProcessEnv): Map<string, string> {
  const set = Object.entries(environment).flatMap(([variable, value]): [string, string][] => {
    if (!variable.startsWith(variablePrefix) || value === undefined) return [];
    if (scriptVariables.has(variable) || isServiceLink(variable, value)) return [];
    return value.trim() === '' && variable !== 'BAILIFF_LISTEN' ? [] : [[variable, value.trim()]];
  });
  return new Map(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Kubernetes hands every pod variables of each service of its namespace (kubernetes.io, "Accessing
 * the Service"): one called bailiff or bailiff-metrics must not stop the start.
 */
function isServiceLink(variable: string, value: string): boolean {
  if (variable.startsWith(jailVariablePrefix)) return false;
  if (/_PORT(?:_\d+_(?:TCP|UDP|SCTP))?$/.test(variable) && /^(?:tcp|udp|sctp):\/\//.test(value)) return true;
  return /_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)_(?:PROTO|PORT|ADDR)$/.test(variable);
}

function readNames(value: string | undefined, errors: BailiffError[]): string[] | null {
  if (value === undefined) return null;
  const names = value.split(/[\s,]+/).filter(Boolean);
  for (const name of names.filter((each) => !jailName.test(each))) {
    const message = `${quote(name)} cannot name a jail`;
    errors.push(new BailiffError('config-invalid', message, { where: jailsVariable }));
  }
  return names.filter((name) => jailName.test(name));
}

/** The option that a variable sets; null for those that are read elsewhere. @throws BailiffError */
function pathOf(variable: string, names: JailNames, notifiers: readonly string[]): readonly string[] | null {
  if (variable === jailsVariable || variable === fileVariable) return null;
  const path = variablePaths.get(variable);
  if (path !== undefined) return path;
  if (variable.startsWith(jailVariablePrefix)) return jailPath(variable, names);
  if (variable.startsWith(notifyVariablePrefix)) return notifyPath(variable, notifiers);
  throw unknownVariable(variable, [jailsVariable, fileVariable, ...variablePaths.keys()]);
}

function jailPath(variable: string, names: JailNames): readonly string[] {
  const rest = variable.slice(jailVariablePrefix.length);
  const option = jailOptionNames.find((name) => rest.endsWith(`_${variableText(name)}`));
  if (option === undefined) throw unknownVariable(variable, likelyVariables(rest));
  return ['jails', names.resolve(rest.slice(0, -option.length - 1), variable), option];
}

/** A notifier that the file does not know is one of the environment's own. */
function notifyPath(variable: string, notifiers: readonly string[]): readonly string[] {
  const rest = variable.slice(notifyVariablePrefix.length);
  const option = notifyOptionNames.find((name) => rest.endsWith(`_${variableText(name)}`));
  const capitals = option === undefined ? '' : rest.slice(0, -option.length - 1);
  if (option === undefined || capitals === '')
    throw unknownVariable(variable, likelyVariables(rest, notifyVariablePrefix, notifyOptionNames));
  const known = notifiers.find((name) => variableText(name) === capitals);
  return ['notify', known ?? capitals.toLowerCase().replaceAll('_', '-'), option];
}

/** Every option behind every place where the name of the jail, or of the notifier, may end. */
function likelyVariables(
  rest: string,
  prefix = jailVariablePrefix,
  options: readonly string[] = jailOptionNames,
): string[] {
  const words = rest.split('_');
  const stems = words.map((_, index) => words.slice(0, index + 1).join('_')).reverse();
  return stems.flatMap((stem) => options.map((name) => `${prefix}${stem}_${variableText(name)}`));
}

function unknownVariable(variable: string, candidates: readonly string[]): BailiffError {
  const near = nearest(variable, candidates);
  return new BailiffError('config-unknown-key', 'no option has this variable', {
    where: plain(variable),
    remedy: near === null ? 'docs/configuration.md lists all of them.' : `Did you mean ${near}?`,
  });
}
