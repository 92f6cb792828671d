import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { fileSource } from './file.ts';
import { Patterns } from './file-patterns.ts';
import { FollowedFiles } from './followed-files.ts';
import { JailList } from './jail-list.ts';
import type { OpenSource, SourceDescription, SourceHost } from './source.ts';
import { wantedFiles } from './wanted-files.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bailiff-file-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => path.join(folder, name);
const make = (...names: string[]): void => {
  for (const name of names) writeFileSync(at(name), '');
};

function jail(
  name: string,
  logpath: readonly string[],
  encoding: JailConfiguration['encoding'] = 'utf-8',
): JailConfiguration {
  return jailWith(name, { logpath, encoding });
}

/** What the file source asks of the daemon. */
class Asked {
  readonly open: SourceDescription[] = [];
  readonly events: string[] = [];
  readonly reports = new Map<string, string>();
  readonly cursors = new Map<string, string>();
  now = 1_000;
  #changed: () => void = () => undefined;

  readonly host: SourceHost = {
    ...quietHost,
    open: (description) => this.#open(description),
    cursorOf: (id) => this.cursors.get(id) ?? null,
    report: (id, state, detail) => {
      this.reports.set(this.#short(id), `${state}: ${detail}`);
      this.#changed();
    },
    forget: (id) => void this.reports.delete(this.#short(id)),
    now: () => this.now,
  };

  get names(): string {
    return this.open.map(({ id }) => this.#short(id)).join(' ');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }

  #short(id: string): string {
    return id.replace('file:', '').replace(`${folder}/`, '');
  }

  #open(description: SourceDescription): OpenSource {
    this.open.push(description);
    this.#changed();
    const event = (what: string) => this.events.push(`${what} ${this.#short(description.id)}`);
    return {
      cursor: null,
      lost: new AbortController().signal,
      write: async () => undefined,
      end: async () => void event('end'),
      close: () => void event('close'),
      report: () => undefined,
    };
  }
}

test('files that come to match are opened without a reload, in no state but their own', async () => {
  make('a.log');
  const asked = new Asked();
  const stop = new AbortController();
  const following = fileSource.follow(
    new JailList([jail('web', [at('*.log'), at('other')])]),
    asked.host,
    stop.signal,
  );
  await asked.until(() => asked.open.length === 2);
  assert.equal(asked.names, 'a.log other');
  assert.equal(asked.open[0]?.input.kind === 'file' && asked.open[0].input.missingAt, undefined);
  make('b.log', 'c.txt');
  await asked.until(() => asked.open.length === 3);
  assert.equal(asked.names, 'a.log other b.log');
  assert.equal(asked.open[2]?.input.kind === 'file' && asked.open[2].input.missingAt, 1_000);
  assert.equal(asked.reports.get('*.log'), 'reading: 2 files');
  stop.abort();
  await following;
  assert.deepEqual(asked.events, ['close a.log', 'close other', 'close b.log']);
});

test('when the jails change, only files are touched that others read now', async () => {
  make('a.log');
  const asked = new Asked();
  const stop = new AbortController();
  const web = jail('web', [at('*.log'), at('x')]);
  const other = jail('other', [at('y')]);
  const jails = new JailList([web, other]);
  const following = fileSource.follow(jails, asked.host, stop.signal);
  await asked.until(() => asked.open.length === 3);
  jails.replace([{ ...web, maxretry: 1 }, jail('third', [at('z'), at('x')])]);
  await asked.until(() => asked.open.length === 5);
  assert.equal(asked.names, 'a.log x y x z');
  assert.deepEqual(asked.events, ['close y'], 'x goes on from its cursor');
  assert.equal(asked.open[4]?.input.kind === 'file' && asked.open[4].input.missingAt, undefined);
  jails.replace([jail('third', [at('z')], 'latin1')]);
  await asked.until(() => asked.open.length === 6);
  assert.deepEqual(asked.events, ['close y', 'close a.log', 'close x']);
  assert.equal(asked.reports.has('*.log'), false, 'nothing is told of a pattern that is gone');
  stop.abort();
  await following;
});

test('without patterns everything is open at once', () => {
  const asked = new Asked();
  const stop = new AbortController();
  const jails = new JailList([jail('a', [at('x')]), jail('b', [at('x'), at('y')])]);
  void fileSource.follow(jails, asked.host, stop.signal);
  assert.equal(asked.names, 'x y');
  assert.deepEqual(
    asked.open[0]?.jails.map(({ name }) => name),
    ['a', 'b'],
  );
  stop.abort();
});

test('what patterns leave out: rotated and packed parts, folders; what they do not: pipes, logs with a number', async () => {
  make(
    'access.log',
    'access.log.1',
    'access.log.2.gz',
    'access.log-20261122',
    'access-1.log',
    'known.log.1',
    'orphan.log.1',
  );
  mkdirSync(at('access.log.d'));
  execFileSync('mkfifo', [at('access.log.pipe')]);
  const asked = new Asked();
  const patterns = new Patterns([at('*.log*'), at('none*')], asked.host);
  const matches = await patterns.expand((file) => file === at('known.log'));
  assert.deepEqual(
    matches.get(at('*.log*'))?.map((each) => path.basename(each)),
    ['access-1.log', 'access.log', 'access.log.pipe', 'orphan.log.1'],
  );
  assert.equal(asked.reports.get('*.log*'), 'reading: 4 files; 4 rotated or packed ones left out');
  assert.equal(asked.reports.get('none*'), 'waiting: no file matches yet');
});

test('a file that is called like a pattern is that file', async () => {
  make('[a].log', 'a.log');
  const matches = await new Patterns([at('[a].log')], new Asked().host).expand(() => false);
  assert.deepEqual([...matches.values()], [[at('[a].log')]]);
});

test('more files than can be read: those that are read stay, and it is said', async () => {
  make(...Array.from({ length: 2_001 }, (_, index) => `${10_000 + index}.log`));
  const asked = new Asked();
  const matches = await new Patterns([at('*.log')], asked.host).expand((file) => file === at('12000.log'));
  const taken = matches.get(at('*.log')) ?? [];
  assert.equal(taken.length, 2_000);
  assert.ok(taken.includes(at('12000.log')));
  assert.equal(
    asked.reports.get('*.log'),
    'failed: 2001 files match, and only 2000 are read: narrow the patterns',
  );
});

test('one file is read once for a jail: links to what is read, paths given twice', () => {
  make('app-2.log');
  symlinkSync('app-2.log', at('app.log'));
  symlinkSync('app.log', at('newest.log'));
  const names = (jails: JailConfiguration[]): string =>
    wantedFiles(jails, new Map([[at('*.log'), [at('app-2.log'), at('app.log'), at('newest.log')]]]))
      .map(({ id, jails: wanting }) => `${path.basename(id)} ${wanting.map(({ name }) => name)}`)
      .join('; ');
  assert.equal(names([jail('a', [at('*.log'), at('app.log')])]), 'app-2.log a');
  assert.equal(names([jail('a', [at('newest.log'), at('app.log')])]), 'newest.log a');
  assert.equal(names([jail('a', [at('*.log')]), jail('b', [at('app.log')])]), 'app-2.log a; app.log b');
});

test('a file in two encodings is two sources', () => {
  const wanted = wantedFiles([jail('a', [at('x'), at('y')], 'latin1'), jail('b', [at('x')])], new Map());
  assert.deepEqual(
    wanted.map(({ id, encoding }) => [path.basename(id), encoding]),
    [
      ['x (latin1)', 'latin1'],
      ['x (utf-8)', 'utf-8'],
      ['y', 'latin1'],
    ],
  );
});

test('a file that is gone is read to its end and closed, unless it comes back; known ones are opened first', () => {
  const asked = new Asked();
  const files = new FollowedFiles(asked.host);
  const wanted = wantedFiles([jail('a', [at('new'), at('old')])], new Map());
  asked.cursors.set(`file:${at('old')}`, 'cursor');
  files.follow(wanted);
  assert.equal(asked.names, 'old new');
  files.follow([]);
  asked.now += 29;
  files.follow(wanted.slice(0, 1));
  asked.now += 2;
  files.follow([]);
  assert.deepEqual(asked.events, ['end old', 'close old']);
  assert.ok(files.knows(at('old')) && files.knows(at('new')) && !files.knows(at('other')));
});
