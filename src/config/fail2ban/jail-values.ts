import { quote } from '../show.ts';
import { textsOf } from './filter.ts';
import { parseReference } from './option-list.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import type { TracedText } from './traced-text.ts';
import type {
  Fail2banAction,
  Fail2banBackend,
  Fail2banFilter,
  Fail2banIgnored,
  Fail2banIgnoreList,
  Fail2banIncrement,
  Fail2banJail,
  Fail2banPort,
} from './types.ts';
import {
  isHostName,
  parseFlag,
  parseInteger,
  parseLogPaths,
  parseMultipliers,
  parsePorts,
  parseTime,
  parseWords,
  rangeOf,
} from './values.ts';

/** A jail's parts as they were read. */
export interface JailParts {
  readonly name: string;
  readonly at: Place;
  readonly options: ReadonlyMap<string, TracedText>;
  readonly filter: Fail2banFilter | null;
  readonly actions: readonly Fail2banAction[];
  /** Lines of DEFAULT that cannot be read. The addresses in them are spared: one may be the owner's. */
  readonly lost: readonly string[];
  /** Takes what cannot be honoured, and does not stop the jail. */
  readonly remark: (text: string, at: Place) => void;
}

/** The jail as typed values. @throws BailiffError fail2ban-invalid */
export function jailOf(parts: JailParts): Fail2banJail {
  const { options } = parts;
  const text = (name: string): string | null => options.get(name)?.text ?? null;
  const logPath = options.get('logpath');
  return {
    name: parts.name,
    at: parts.at,
    options: textsOf(options),
    backend: backendOf(parts),
    filter: parts.filter,
    actions: parts.actions,
    maxRetry: optional(options, 'maxretry', parseInteger),
    maxMatches: optional(options, 'maxmatches', parseInteger),
    findTime: optional(options, 'findtime', parseTime),
    banTime: banTimeOf(options),
    increment: incrementOf(options),
    ignore: ignoreListOf(parts),
    logPaths: logPath === undefined ? [] : parseLogPaths(logPath),
    logEncoding: text('logencoding'),
    logTimezone: text('logtimezone'),
    skipIfNoLogs: flag(options, 'skip_if_nologs', false),
    ports: portsOf(parts),
    protocol: text('protocol'),
    chain: text('chain'),
  };
}

const backends = ['auto', 'pyinotify', 'gamin', 'polling', 'systemd'] as const;

function backendOf({ options, at }: JailParts): Fail2banBackend {
  const value = options.get('backend');
  if (value === undefined) return { kind: 'auto', options: new Map() };
  const reference = parseReference(value);
  const kind = backends.find((name) => name === reference.name);
  if (kind !== undefined) return { kind, options: textsOf(reference.options) };
  const remedy = `Use one of ${backends.join(', ')}.`;
  throw problemAt(value.at ?? at, `backend: ${quote(value.text)} does not exist`, remedy);
}

function banTimeOf(options: ReadonlyMap<string, TracedText>): number | 'forever' | null {
  const seconds = optional(options, 'bantime', parseTime);
  return seconds !== null && seconds < 0 ? 'forever' : seconds;
}

function incrementOf(options: ReadonlyMap<string, TracedText>): Fail2banIncrement {
  const text = (name: string) => (set(options, name) ?? null)?.sourced() ?? null;
  return {
    enabled: flag(options, 'bantime.increment', false),
    factor: text('bantime.factor'),
    formula: text('bantime.formula'),
    multipliers: optional(options, 'bantime.multipliers', parseMultipliers) ?? [],
    maxTime: optional(options, 'bantime.maxtime', parseTime),
    randomTime: optional(options, 'bantime.rndtime', parseTime),
    overallJails: flag(options, 'bantime.overalljails', false),
  };
}

function ignoreListOf({ options, lost, remark }: JailParts): Fail2banIgnoreList {
  const named = namedIn(options.get('ignoreip') ?? null, lost, remark);
  const sourced = (name: string) => set(options, name)?.sourced() ?? null;
  const self = flag(options, 'ignoreself', true);
  return { ...named, self, command: sourced('ignorecommand'), cache: sourced('ignorecache') };
}

/** Whom an `ignoreip` names, and addresses in lines that cannot be read. */
export function namedIn(
  value: TracedText | null,
  lost: readonly string[],
  remark: JailParts['remark'],
): Fail2banIgnored {
  const ranges = lost.flatMap((line) => line.split(/[\s,=]+/).flatMap((word) => rangeOf(word) ?? []));
  const names: string[] = [];
  const files: string[] = [];
  for (const { text, at } of value === null ? [] : parseWords(value)) {
    const range = rangeOf(text);
    if (range !== null) ranges.push(range);
    else if (text.startsWith('file:')) files.push(text.slice('file:'.length));
    else if (isHostName(text)) names.push(text);
    else remark(`ignoreip: ${quote(text)} is neither an address, a range nor a name, and spares nobody`, at);
  }
  return { ranges, names, files };
}

function portsOf({ options, remark }: JailParts): readonly Fail2banPort[] {
  const value = options.get('port');
  if (value === undefined) return [];
  const ports = parsePorts(value.text);
  if (ports === null) remark(`port: ${quote(value.text)} is not a list of ports`, value.at);
  return ports ?? [];
}

function flag(options: ReadonlyMap<string, TracedText>, name: string, otherwise: boolean): boolean {
  const value = options.get(name);
  return value === undefined ? otherwise : parseFlag(value.text).value;
}

function optional<T>(
  options: ReadonlyMap<string, TracedText>,
  name: string,
  parse: (name: string, value: TracedText) => T,
): T | null {
  const value = set(options, name);
  return value === undefined ? null : parse(name, value);
}

/** An option that is there and not empty: an empty one is fail2ban's way to take a value back. */
function set(options: ReadonlyMap<string, TracedText>, name: string): TracedText | undefined {
  const value = options.get(name);
  return value === undefined || value.text === '' ? undefined : value;
}
