import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import type { JournalMatch } from '../config/journal-match.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { JailList } from './jail-list.ts';
import { journalSource } from './journal.ts';
import { journalctlArguments } from './journal-child.ts';
import type { SourceDescription, SourceHost } from './source.ts';

const request = {
  directory: undefined,
  match: [['_UID=0', '_COMM=a'], ['_COMM=b']],
  cursor: null,
  since: 9.7,
};
const cursor = 's=1;i=2;b=3;m=4;t=5;x=6';

test('journalctl goes on from a cursor, or begins at a time, and gets the match as arguments of their own', () => {
  assert.deepEqual(journalctlArguments(request).slice(-5), [
    '--since=@9',
    '_UID=0',
    '_COMM=a',
    '+',
    '_COMM=b',
  ]);
  assert.ok(journalctlArguments({ ...request, cursor }).includes(`--cursor=${cursor}`));
  assert.ok(journalctlArguments({ ...request, cursor: 'garbage' }).includes('--since=@9'));
  assert.ok(journalctlArguments({ ...request, directory: '/journal' }).includes('--directory=/journal'));
  assert.ok(!journalctlArguments(request).some((argument) => argument.startsWith('--directory')));
});

let folder = '';
let directory = '';
const path = process.env['PATH'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bailiff-journal-'));
  directory = join(folder, 'journal');
  mkdirSync(directory);
  writeFileSync(join(directory, 'system.journal'), '');
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

/** Puts a program in journalctl's place. */
function pretend(script: string): void {
  writeFileSync(join(folder, 'journalctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env['PATH'] = [folder, path].join(delimiter);
}

function jail(name: string, journal: JournalMatch, findtime = 600): JailConfiguration {
  return jailWith(name, { filter: 'sshd', journal, findtime });
}

/** What the source asks of the daemon, recorded. */
class FakeHost {
  readonly opened: SourceDescription[] = [];
  readonly events: string[] = [];
  readonly host: SourceHost;
  lost = new AbortController();
  #wake: () => void = () => undefined;

  constructor(stored: string | null = null) {
    const note = (event: string): void => {
      this.events.push(event);
      this.#wake();
    };
    this.host = {
      ...quietHost,
      open: (description) => {
        this.opened.push(description);
        this.lost = new AbortController();
        return {
          cursor: stored,
          lost: this.lost.signal,
          write: async (bytes) => note(`${description.id} wrote ${Buffer.from(bytes)}`.trim()),
          end: async () => undefined,
          close: () => note(`${description.id} closed`),
          report: (state) => note(`${description.id} ${state}`),
        };
      },
      cursorOf: () => stored,
      report: (id, state, detail, jails = []) => note([id, state, detail, ...jails].join(' ')),
      now: () => 10_000,
    };
  }

  async until(pattern: RegExp, times = 1): Promise<void> {
    while (this.events.filter((event) => pattern.test(event)).length < times)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

test('when the jails change, only entries are asked for anew that others read now', async () => {
  pretend('for last; do :; done; echo "$last"; exec sleep 60');
  const fake = new FakeHost();
  const stop = new AbortController();
  const [a, b] = [jail('a', [['A=1']]), jail('b', [['B=1']])];
  const jails = new JailList([a, b]);
  const following = journalSource(directory).follow(jails, fake.host, stop.signal);
  await fake.until(/wrote/, 2);
  fake.events.length = 0;
  jails.replace([{ ...a, maxretry: 1 }, jail('c', [['B=1']]), jail('d', [['D=1']])]);
  await fake.until(/wrote/, 2);
  assert.deepEqual(fake.events.filter((event) => / (wrote|closed)/.test(event)).sort(), [
    'journal:b closed',
    'journal:c wrote B=1',
    'journal:d wrote D=1',
  ]);
  assert.ok(fake.events.indexOf('journal:b closed') < fake.events.indexOf('journal:c reading'));
  stop.abort();
  await following;
});

test('jails of one match share a child, which reads back what the longest findtime counts', async () => {
  pretend(
    'for last; do :; done; case "$*" in *@6400*) echo "old $last";; *) echo "$last";; esac; exec sleep 60',
  );
  const fake = new FakeHost();
  const stop = new AbortController();
  const jails = [
    jail('a', [['A=1']]),
    jail('b', [['A=1']], 3_600),
    jail('c', [['A=1'], ['B=2']]),
    jail('d', []),
  ];
  const following = journalSource(directory).follow(new JailList(jails), fake.host, stop.signal);
  await fake.until(/wrote/, 2);
  assert.deepEqual(fake.events.filter((event) => event.includes('wrote')).sort(), [
    'journal:a wrote old A=1',
    'journal:c wrote B=2',
  ]);
  assert.deepEqual(
    fake.opened.map(({ id, cursorKey, jails: reading }) => [
      id,
      cursorKey,
      reading.map(({ name }) => name).join(),
    ]),
    [
      ['journal:a', 'journal:A=1', 'a,b'],
      ['journal:c', 'journal:A=1 + B=2', 'c'],
    ],
  );
  stop.abort();
  await following;
  assert.deepEqual(fake.events.filter((event) => event.endsWith('closed')).sort(), [
    'journal:a closed',
    'journal:c closed',
  ]);
});

test('a scanner that lost the stream gets it again from the cursor', async () => {
  pretend('echo "$*"; exec sleep 60');
  const fake = new FakeHost(cursor);
  const stop = new AbortController();
  const following = journalSource(directory).follow(
    new JailList([jail('a', [['A=1']])]),
    fake.host,
    stop.signal,
  );
  await fake.until(/wrote/);
  fake.lost.abort();
  await fake.until(/wrote/, 2);
  assert.ok(fake.events.filter((event) => event.includes('wrote')).every((event) => event.includes(cursor)));
  stop.abort();
  await following;
});

test('a journalctl that says nothing for long is replaced, at the cursor; one that talks is not', async () => {
  // The first says a word now and then, the next is stuck.
  pretend(
    `echo "$*"; test -e ${folder}/stuck && exec sleep 60; touch ${folder}/stuck; ` +
      'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; echo "$i"; done; exec sleep 60',
  );
  const fake = new FakeHost(cursor);
  const stop = new AbortController();
  const source = journalSource(directory, { look: 10, silence: 700 });
  const following = source.follow(new JailList([jail('a', [['A=1']])]), fake.host, stop.signal);
  await fake.until(/wrote --merge/, 3);
  const words = fake.events.filter((event) => event.includes('wrote')).map((event) => event.slice(16));
  assert.equal(words.slice(1, 10).join(''), '123456789');
  for (const asked of [words[0], ...words.slice(10)])
    assert.match(asked ?? '', new RegExp(`--cursor=${cursor}`));
  stop.abort();
  await following;
});

test('a journalctl that ends is an error that says why, and which jails read nothing', async () => {
  pretend(
    'echo "first" >&2; echo "No journal files were opened due to insufficient permissions." >&2; exit 1',
  );
  const fake = new FakeHost();
  const following = journalSource(directory).follow(
    new JailList([jail('a', [['A=1']]), jail('b', [['A=1']])]),
    fake.host,
    new AbortController().signal,
  );
  const message = 'No journal files were opened due to insufficient permissions.';
  await assert.rejects(following, { code: 'journal-unreadable', message });
  assert.deepEqual(fake.events.slice(-2), ['journal:a closed', `journal:a waiting ${message} a b`]);
});

test('one that ends is started again by itself while others are read, until none is', async () => {
  const others = join(folder, 'others-end');
  pretend(
    `for last; do :; done; test "$last" = B=1 || exit 1; echo "$last"; while ! test -e ${others}; do sleep 0.05; done; exit 2`,
  );
  const fake = new FakeHost();
  const following = journalSource(directory).follow(
    new JailList([jail('a', [['A=1']]), jail('b', [['B=1']])]),
    fake.host,
    new AbortController().signal,
  );
  await fake.until(/^journal:b wrote/);
  await fake.until(/^journal:a waiting/, 2);
  const said = (pattern: RegExp) => fake.events.filter((event) => pattern.test(event)).length;
  assert.deepEqual([said(/^journal:b wrote/), said(/^journal:b closed/)], [1, 0]);
  writeFileSync(others, '');
  await assert.rejects(following, { code: 'journal-unreadable' });
});

test('a missing journalctl is said, one that was killed too', async () => {
  process.env['PATH'] = folder;
  const follow = () =>
    journalSource(directory).follow(
      new JailList([jail('a', [['A=1']])]),
      new FakeHost().host,
      new AbortController().signal,
    );
  await assert.rejects(follow, { code: 'journal-unreadable', message: 'journalctl is not installed' });
  pretend('kill -9 $$');
  await assert.rejects(follow, { code: 'journal-unreadable', message: 'journalctl ended with SIGKILL' });
});

test('where no jail reads the journal nothing is started or reported', async () => {
  const fake = new FakeHost();
  const stop = new AbortController();
  const following = journalSource(directory).follow(new JailList([jail('a', [])]), fake.host, stop.signal);
  stop.abort();
  await following;
  assert.deepEqual(fake.events, []);
});
