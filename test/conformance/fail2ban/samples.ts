import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { python } from '../python.ts';

/** Where Debian's package keeps fail2ban's own tests. */
export const testFolder = execFileSync(python, ['-c', 'import fail2ban.tests as t; print(t.__path__[0])'], {
  encoding: 'utf8',
}).trim();

export const sampleLogs = path.join(testFolder, 'files/logs');

/** fail2ban's own configuration, and the logs that show what its filters make of them. */
export interface SampleFolders {
  readonly configuration: string;
  readonly logs: string;
}

/** What a line's annotation says of it; without one, nothing is to be found. */
export type Annotation = Readonly<Record<string, unknown>> & { readonly match?: boolean };

export interface SampleLine {
  readonly where: string;
  readonly text: string;
  readonly expected: Annotation;
}

/** One filter with one set of options, and the lines that it sees, in their order. */
export interface SampleRun {
  readonly filter: string;
  readonly folder: string;
  readonly options: Readonly<Record<string, string>>;
  readonly lines: SampleLine[];
}

const annotation = /^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$/;

/** Every filter of the folder with its sample log, as fail2ban's own tests go through them. */
export function sampleRuns(
  { configuration, logs }: SampleFolders,
  only: (filter: string) => boolean,
): SampleRun[] {
  return readdirSync(path.join(configuration, 'filter.d'))
    .filter((name) => name.endsWith('.conf') && !name.endsWith('common.conf'))
    .map((name) => path.basename(name, '.conf'))
    .filter(only)
    .sort()
    .flatMap((filter) => new SampleReader(filter, configuration, logs).read());
}

/** Reads the log of one filter. An instance of it is kept through the whole log: it has sessions, and learns dates. */
class SampleReader {
  readonly #filter: string;
  readonly #configuration: string;
  readonly #logs: string;
  readonly #runs = new Map<string, SampleRun>();
  #common: Record<string, unknown> = {};
  #current: { readonly run: SampleRun; readonly given: Record<string, unknown> }[] = [];
  #skipping = false;

  constructor(filter: string, configuration: string, logs: string) {
    this.#filter = filter;
    this.#configuration = configuration;
    this.#logs = logs;
  }

  read(): SampleRun[] {
    const files = [this.#filter];
    for (const file of files) files.push(...this.#readFile(file));
    return [...this.#runs.values()];
  }

  /** Returns the files that are to be read after it. */
  #readFile(file: string): string[] {
    const log = path.join(this.#logs, file);
    if (!existsSync(log)) throw new Error(`${log}: there is no sample log`);
    const more: string[] = [];
    this.#common = {};
    this.#skipping = false;
    let expected: Annotation = {};
    for (const [index, text] of readFileSync(log, 'utf8').split(/\r*\n/).entries()) {
      const [, kind, json = ''] = annotation.exec(text) ?? [];
      const annotated = kind === undefined ? null : JSON.parse(json);
      if (kind === 'failJSON') {
        expected = annotated;
        continue;
      }
      if (kind === 'fileOptions') this.#common = annotated;
      else if (kind === 'filterOptions') this.#choose(Array.isArray(annotated) ? annotated : [annotated]);
      else if (kind === 'addFILE') more.push(annotated);
      else if (expected.match !== undefined || (text.trim() !== '' && !text.startsWith('#')))
        this.#add({ where: `${file}:${index + 1}`, text, expected });
      expected = {};
    }
    return more;
  }

  #choose(all: readonly Record<string, unknown>[]): void {
    this.#current = [];
    this.#skipping = false;
    for (const each of all) {
      const given = { ...this.#common, ...each };
      const condition = given['test.condition'];
      this.#skipping = condition !== undefined && !this.#holds(String(condition), given);
      if (!this.#skipping) this.#current.push({ run: this.#runFor(given), given });
    }
  }

  #runFor(given: Record<string, unknown>): SampleRun {
    const options = Object.fromEntries(
      Object.entries(given)
        .filter(([name]) => !name.startsWith('test.'))
        .map(([name, value]) => [name, String(value)]),
    );
    const key = String(given['test.filter-name'] ?? JSON.stringify(options));
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const run = { filter: this.#filter, folder: this.#configuration, options, lines: [] };
    this.#runs.set(key, run);
    return run;
  }

  #add(line: SampleLine): void {
    if (this.#skipping) return;
    if (this.#current.length === 0) this.#choose([{}]);
    for (const { run, given } of this.#current) {
      const { constraint } = line.expected;
      if (constraint !== undefined && !this.#holds(String(constraint), given)) continue;
      const before = String(given['test.prefix-line'] ?? '');
      run.lines.push({ ...line, text: before + line.text });
    }
  }

  /** The few forms in which conditions are written. */
  #holds(expression: string, given: Record<string, unknown>): boolean {
    const [, name, option, negated, value] =
      /^(?:(name)|opts\.get\('([\w.-]+)'\)) ?(?:==|(!=)) ?'([^']*)'$/.exec(expression) ?? [];
    if (value === undefined) throw new Error(`the condition "${expression}" is of another form`);
    const actual = name === undefined ? given[option ?? ''] : this.#filter;
    return (actual === value) === (negated === undefined);
  }
}
