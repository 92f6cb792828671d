import path from 'node:path';
import type { Budget } from './budget.ts';
import { Definition } from './definition.ts';
import { textsOf } from './filter.ts';
import type { Variables } from './interpolate.ts';
import { parseReference } from './option-list.ts';
import type { Sources } from './sources.ts';
import { TracedText } from './traced-text.ts';
import type { Fail2banAction } from './types.ts';
import { parseFlag } from './values.ts';

const commandOptions = [
  'actionstart',
  'actionstop',
  'actionflush',
  'actionreload',
  'actioncheck',
  'actionrepair',
  'actionban',
  'actionprolong',
  'actionreban',
  'actionunban',
] as const;

const flagOptions = ['actionstart_on_demand', 'actionrepair_on_unban', 'norestored'] as const;

/** The options of an action's [Definition] that have a meaning. */
const actionOptions: readonly string[] = [...commandOptions, ...flagOptions];

/** Their values come with a ban, whatever a file says. */
const tagsOfBans = ['matches', 'ipmatches', 'ipjailmatches', 'timeout', 'bantime'];

export interface ActionReading {
  readonly action: Fail2banAction;
  readonly definition: Definition | null;
}

/** Reads one action of a jail. @throws BailiffError fail2ban-invalid */
export function readAction(
  reference: TracedText,
  jail: { readonly name: string; readonly options: Variables },
  sources: Sources,
  budget: Budget,
): ActionReading {
  const { name, options } = parseReference(reference);
  if (name.endsWith('.py')) return { action: pythonAction(name, options, reference), definition: null };
  const label = labelOf(name, options, jail.name);
  const given = new Map(options);
  if (!given.has('name')) given.set('name', TracedText.of(jail.name, reference.at));
  if (!given.has('actname')) given.set('actname', TracedText.of(label, reference.at));
  const configuration = sources.require('action.d', name, reference.at);
  const definition = new Definition(configuration, given, actionOptions, budget);
  definition.read(jail.options, false);
  const combined = definition.combined(tagsOfBans);
  const commands = pick(combined, (option) => commandOptions.some((command) => command === option));
  const flags = pick(combined, (option) => flagOptions.some((flag) => flag === option));
  const isProperty = (option: string): boolean =>
    !actionOptions.includes(option) && !option.startsWith('known/');
  const properties = pick(definition.init, isProperty);
  const action: Fail2banAction = {
    name,
    label,
    at: reference.at,
    kind: 'command',
    commands: textsOf(commands),
    flags: new Map([...flags].map(([option, { text }]) => [option, parseFlag(text).value])),
    properties: textsOf(properties),
    resolved: textsOf(pick(combined, (option) => properties.has(option))),
  };
  return { action, definition };
}

function pythonAction(
  name: string,
  options: ReadonlyMap<string, TracedText>,
  reference: TracedText,
): Fail2banAction {
  const label = options.get('actname')?.text ?? path.parse(name).name;
  const properties = textsOf(pick(options, (option) => option !== 'actname'));
  const { at } = reference;
  const none = { commands: new Map(), flags: new Map() };
  return { name, label, at, kind: 'python', ...none, properties, resolved: properties };
}

/** An action's name in its jail: that of its file, with what sets its `name` apart from the jail's. */
function labelOf(name: string, options: ReadonlyMap<string, TracedText>, jail: string): string {
  const given = options.get('actname')?.text;
  if (given !== undefined) return given;
  const own = options.get('name')?.text ?? jail;
  if (own === jail) return name;
  return name + (own.startsWith(jail) ? own.slice(jail.length) : `-${own}`);
}

function pick(
  values: ReadonlyMap<string, TracedText>,
  wanted: (option: string) => boolean,
): ReadonlyMap<string, TracedText> {
  return new Map([...values].filter(([option]) => wanted(option)));
}
