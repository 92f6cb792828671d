import {
  fail2banVariablePrefix,
  fileVariable,
  jailsVariable,
  jailVariablePrefix,
  notifyVariablePrefix,
  variablePrefix,
  variableText,
} from './option-names.ts';
import {
  defaultsShape,
  fail2banShape,
  globalShape,
  jailShape,
  notifyShape,
  optionEntries,
} from './schema.ts';

/** One variable that Bailiff reads. */
export interface EnvironmentEntry {
  /** Of a jail's options with `<NAME>` for the jail's name. */
  readonly variable: string;
  /** What it takes, in words. */
  readonly type: string;
  /** As text; '' is an empty list, null: see `otherwise`. */
  readonly default: string | null;
  /** In place of a default that depends on something else. */
  readonly otherwise: string | null;
  readonly description: string;
  /** The variable that names a file with the value in its place, for secrets. */
  readonly file: string | null;
}

/** Every variable there is, out of the schema. */
export function environmentEntries(): EnvironmentEntry[] {
  return [
    {
      variable: fileVariable,
      type: 'a path',
      default: null,
      otherwise: '`/etc/bailiff/bailiff.yaml`, which may be absent',
      description: 'The configuration file, where `--config` names none. It must exist.',
      file: null,
    },
    {
      variable: jailsVariable,
      type: 'a list of jails',
      default: null,
      otherwise: '`sshd`, where nothing else names a jail',
      description: 'Jails to switch on, beside those of the file.',
      file: null,
    },
    ...entriesOf(globalShape, variablePrefix),
    ...entriesOf(defaultsShape, variablePrefix),
    ...entriesOf(fail2banShape, fail2banVariablePrefix),
    ...entriesOf(jailShape, `${jailVariablePrefix}<NAME>_`),
    ...entriesOf(notifyShape, `${notifyVariablePrefix}<NAME>_`),
  ];
}

type Shape =
  | typeof fail2banShape
  | typeof globalShape
  | typeof defaultsShape
  | typeof jailShape
  | typeof notifyShape;

function entriesOf(shape: Shape, prefix: string): EnvironmentEntry[] {
  return optionVariables(shape, prefix).map(([, entry]) => entry);
}

/** The options of one place in the configuration, by name, each with its variable. */
export function optionVariables(
  shape: Shape,
  prefix: string,
): (readonly [option: string, entry: EnvironmentEntry])[] {
  return Object.entries(shape).map(([name, { def }]) => {
    const entry = optionEntries.get(def.innerType);
    const variable = prefix + variableText(name);
    return [
      name,
      {
        variable,
        // What no option takes is refused with the words for what it does take.
        type: def.innerType.safeParse({}).error?.issues[0]?.message ?? '',
        default: entry?.default ?? null,
        otherwise: entry?.otherwise ?? null,
        description: entry?.description ?? '',
        file: entry?.secret === true ? `${variable}_FILE` : null,
      },
    ];
  });
}
