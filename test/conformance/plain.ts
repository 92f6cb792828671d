import { jailOptions } from '../../src/config/fail2ban/jail-options.ts';
import { TracedText } from '../../src/config/fail2ban/traced-text.ts';
import type {
  Fail2banConfiguration,
  Fail2banFilter,
  Fail2banJail,
  OptionTexts,
} from '../../src/config/fail2ban/types.ts';
import { parseWords } from '../../src/config/fail2ban/values.ts';
import type { PlainJail } from './fail2ban-readers.ts';

/** All jails of a configuration as fail2ban's readers print them. */
export function plainJails(configuration: Fail2banConfiguration): Record<string, PlainJail> {
  const plain: Record<string, PlainJail> = {};
  for (const name of configuration.disabled) plain[name] = { enabled: false };
  for (const jail of configuration.jails) plain[jail.name] = plainJail(jail);
  for (const { jail, error } of configuration.problems) {
    if (jail !== null) plain[jail] = { error: error.describe() };
  }
  return plain;
}

function plainJail(jail: Fail2banJail): PlainJail {
  const read = new Set(jailOptions.map(({ name }) => name));
  const forever = jail.banTime === 'forever' ? -1 : jail.banTime;
  const seconds = {
    findtime: jail.findTime,
    bantime: forever,
    'bantime.maxtime': jail.increment.maxTime,
    'bantime.rndtime': jail.increment.randomTime,
  };
  const ignoreip = jail.options.get('ignoreip');
  return {
    enabled: true,
    options: texts(new Map([...jail.options].filter(([name]) => read.has(name)))),
    seconds: Object.fromEntries(
      Object.entries(seconds).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    ),
    multipliers: jail.increment.multipliers,
    logpath: jail.logPaths.map(({ path, from }) => [path, from]),
    ignoreip:
      ignoreip === undefined
        ? []
        : parseWords(TracedText.of(ignoreip.text, ignoreip.at)).map(({ text }) => text),
    ...plainFilter(jail),
    actions: Object.fromEntries(
      jail.actions.map(({ label, kind, commands, flags, properties }) => [
        label,
        {
          python: kind === 'python',
          values: { ...texts(properties), ...texts(commands), ...asPython(flags) },
        },
      ]),
    ),
  };
}

function plainFilter({ filter, options }: Fail2banJail) {
  const lines = (list: Fail2banFilter['failRegex'] | undefined) => list?.map(({ text }) => text) ?? [];
  // Without a filter the jail's own options stand alone, and nothing would be found by them.
  const text = (name: string) =>
    options
      .get(name)
      ?.text.split('\n')
      .filter((line) => line !== '') ?? [];
  return {
    failregex: filter === null ? text('failregex') : lines(filter.failRegex),
    ignoreregex: filter === null ? text('ignoreregex') : lines(filter.ignoreRegex),
    journalmatch: filter?.journalMatch.map(({ words }) => words) ?? [],
    ...present('usedns', filter?.useDns),
    ...present('maxlines', filter?.maxLines?.toString()),
    ...present('prefregex', filter?.prefRegex?.text),
    ...present('datepattern', filter?.datePattern?.text),
  };
}

function present(name: string, value: string | null | undefined): Record<string, string> {
  return value === null || value === undefined ? {} : { [name]: value };
}

function asPython(flags: ReadonlyMap<string, boolean>): Record<string, string> {
  return Object.fromEntries([...flags].map(([name, value]) => [name, value ? 'True' : 'False']));
}

function texts(options: OptionTexts): Record<string, string> {
  return Object.fromEntries([...options].map(([name, { text }]) => [name, text]));
}
