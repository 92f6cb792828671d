import {
  defaultsShape,
  fail2banShape,
  globalShape,
  jailShape,
  notifyShape,
  optionEntries,
} from './schema.ts';

/** Options keep one name everywhere; the environment writes it in capitals: `state-dir`, `STATE_DIR`. */
export function variableText(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

export const variablePrefix = 'BAILIFF_';
export const jailVariablePrefix = 'BAILIFF_JAIL_';
export const notifyVariablePrefix = 'BAILIFF_NOTIFY_';
export const fail2banVariablePrefix = 'BAILIFF_FAIL2BAN_';
export const jailsVariable = 'BAILIFF_JAILS';
export const fileVariable = 'BAILIFF_CONFIG';

/** Read by the scripts around Bailiff, and no options of it. */
export const scriptVariables: ReadonlyMap<string, string> = new Map([
  [
    'BAILIFF_NODE_CACHE',
    'Directory for the copy of Node that `bin/bailiff` brings where the machine has none that is new enough.',
  ],
  ['BAILIFF_TALLY', 'Set by `npm test` for its reporter.'],
]);

/** The path of the option that each variable sets, jails' own aside. */
export const variablePaths: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...Object.keys(globalShape).map((key) => [variablePrefix + variableText(key), [key]] as const),
  ...Object.keys(defaultsShape).map(
    (key) => [variablePrefix + variableText(key), ['defaults', key]] as const,
  ),
  ...Object.keys(fail2banShape).map(
    (key) => [fail2banVariablePrefix + variableText(key), ['fail2ban', key]] as const,
  ),
]);

/** For each option that may hold a password: the variable that names a file with it, and the option's own. */
export const secretFileVariables: ReadonlyMap<string, string> = new Map(
  Object.entries(globalShape).flatMap(([key, { def }]) => {
    const variable = variablePrefix + variableText(key);
    return optionEntries.get(def.innerType)?.secret === true ? [[`${variable}_FILE`, variable]] : [];
  }),
);

export const jailOptionNames: readonly string[] = Object.keys(jailShape);

export function jailVariable(jail: string, option: string): string {
  return `${jailVariablePrefix}${variableText(jail)}_${variableText(option)}`;
}

export const notifyOptionNames: readonly string[] = Object.keys(notifyShape);

export function notifyVariable(notifier: string, option: string): string {
  return `${notifyVariablePrefix}${variableText(notifier)}_${variableText(option)}`;
}

const notifySecrets = Object.entries(notifyShape).flatMap(([key, { def }]) =>
  optionEntries.get(def.innerType)?.secret === true ? [variableText(key)] : [],
);
const notifySecretFile = new RegExp(`^(${notifyVariablePrefix}.+_(?:${notifySecrets.join('|')}))_FILE$`);

/** The variable whose value stands in the file that this one names; undefined: it names none. */
export function secretVariableOf(variable: string): string | undefined {
  return secretFileVariables.get(variable) ?? notifySecretFile.exec(variable)?.[1];
}
