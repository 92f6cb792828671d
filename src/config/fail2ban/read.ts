import { statSync } from 'node:fs';
import path from 'node:path';
import { BailiffError } from '../../core/errors.ts';
import { quote } from '../show.ts';
import { Budget } from './budget.ts';
import { Configuration } from './configuration.ts';
import { Files } from './files.ts';
import { FilterReading, textsOf } from './filter.ts';
import { includesSection } from './includes.ts';
import { defaultSection } from './ini.ts';
import { Interpolation } from './interpolate.ts';
import { readJail } from './jail.ts';
import { jailOptions } from './jail-options.ts';
import { namedIn } from './jail-values.ts';
import type { Place } from './place.ts';
import type { Remark } from './problem.ts';
import { slipOf } from './slip.ts';
import { Sources } from './sources.ts';
import { TracedText } from './traced-text.ts';
import type {
  Fail2banConfiguration,
  Fail2banFilter,
  Fail2banIgnored,
  Fail2banProblem,
  OptionTexts,
} from './types.ts';

/** What `%(fail2ban_version)s` says where nobody asks for another: the version whose rules are followed here. */
const usualVersion = '1.1.0';

export interface ReadOptions {
  readonly version?: string;
}

/**
 * Reads a configuration directory of fail2ban as it is. Whatever is wrong with it is among the problems, with file and
 * line, and what is sound beside it is read. Blocks while it reads. Never throws for what files hold.
 */
export function readFail2ban(
  folder: string,
  { version = usualVersion }: ReadOptions = {},
): Fail2banConfiguration {
  const files = new Files(folder);
  const problems: Fail2banProblem[] = [];
  const remarks: Remark[] = [];
  const jails: Fail2banConfiguration['jails'][number][] = [];
  const disabled: string[] = [];
  const configuration = jailConfiguration(files, folder, version);
  const sources = new Sources(files);
  for (const name of configuration.sections()) {
    if (name === includesSection) continue;
    try {
      const reading = readJail(name, configuration, sources);
      if (reading.jail === null) disabled.push(name);
      else jails.push(reading.jail);
      remarks.push(...reading.remarks);
    } catch (error) {
      problems.push({ jail: name, error: asProblem(error) });
    }
  }
  remarks.push(...misspeltDefaults(configuration));
  const settings = readSettings(files, problems);
  const ofFiles = files.problems.map((error): Fail2banProblem => ({ jail: null, error }));
  const ignored = ignoredByAll(configuration, problems);
  return { settings, ignored, jails, disabled, problems: [...ofFiles, ...problems], remarks };
}

/** DEFAULT's own list: also of those who are banned without any of the jails. */
function ignoredByAll(configuration: Configuration, problems: Fail2banProblem[]): Fail2banIgnored {
  let value: TracedText | null = null;
  try {
    value = new Interpolation(configuration, new Budget()).get(defaultSection, 'ignoreip');
  } catch (error) {
    problems.push({ jail: null, error: asProblem(error) });
  }
  // What is no address in it is told for each jail.
  return namedIn(value, configuration.lost, () => {});
}

/** A filter by itself, and what is not as its owner may think. */
export interface FilterAlone {
  /** Null where it cannot be used, for the last of the problems. */
  readonly filter: Fail2banFilter | null;
  readonly problems: readonly BailiffError[];
  readonly remarks: readonly Remark[];
}

/** One filter as a command names it: `sshd[mode=aggressive]`, for a jail that sets nothing else. */
export function readFail2banFilter(folder: string, reference: string, backend = 'auto'): FilterAlone {
  const files = new Files(folder);
  const remarks: Remark[] = [];
  const remark = (text: string, at: Place): void => void remarks.push({ at, jail: null, text });
  try {
    const text = TracedText.of(reference, { file: reference, line: 1 });
    const reading = new FilterReading(text, backend, new Sources(files), new Budget());
    reading.known(new Map());
    const filter = reading.result(new Map(), remark);
    for (const { name, meant, at } of reading.definition.misspelt())
      remark(`nothing reads ${quote(name)}; is "${meant}" meant?`, at);
    if (filter.failRegex.length === 0) remark('the filter has no failregex, so nothing is found', reading.at);
    return { filter, problems: files.problems, remarks };
  } catch (error) {
    return { filter: null, problems: [...files.problems, asProblem(error)], remarks };
  }
}

function jailConfiguration(files: Files, folder: string, version: string): Configuration {
  const configuration = files.read('jail');
  if (configuration === null) {
    const there = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    const message = there ? 'the folder holds no jail.conf and no jail.local' : 'there is no such folder';
    files.report(new BailiffError('fail2ban-unreadable', message, { where: folder }));
    return new Configuration();
  }
  const base = folder.replace(/\/+$/, '');
  const at = { file: path.resolve(folder), line: 0 };
  for (const [name, value] of [
    ['fail2ban_version', version],
    ['fail2ban_confpath', base],
  ] as const) {
    configuration.defaults.set(name, { at, value: TracedText.of(value, at) });
  }
  return configuration;
}

/** fail2ban.conf is not needed to protect anybody, so what is wrong with it is only told. */
function readSettings(files: Files, problems: Fail2banProblem[]): OptionTexts {
  const configuration = files.read('fail2ban');
  const settings = new Map<string, TracedText>();
  if (configuration === null) return new Map();
  const interpolation = new Interpolation(configuration, new Budget());
  const options = [
    ...configuration.defaults.keys(),
    ...(configuration.section('Definition')?.entries.keys() ?? []),
  ];
  for (const option of new Set(options)) {
    try {
      const value = interpolation.get('Definition', option);
      if (value !== null) settings.set(option, value);
    } catch (error) {
      problems.push({ jail: null, error: asProblem(error) });
    }
  }
  return textsOf(settings);
}

/** DEFAULT holds much that only some jails refer to, so only what looks like a slip is told. */
function misspeltDefaults({ defaults, used }: Configuration): Remark[] {
  const names = jailOptions.map(({ name }) => name);
  return [...defaults].flatMap(([name, entry]): Remark[] => {
    if (names.includes(name) || used.has(entry)) return [];
    const meant = slipOf(name, names);
    if (meant === null) return [];
    return [{ at: entry.at, jail: null, text: `nothing reads ${quote(name)}; is "${meant}" meant?` }];
  });
}

function asProblem(thrown: unknown): BailiffError {
  if (thrown instanceof BailiffError) return thrown;
  throw thrown;
}
