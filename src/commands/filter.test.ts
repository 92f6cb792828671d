import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { shippedFilters } from '../config/filters.ts';
import { type FilterTestOptions, testFilter } from './filter.ts';
import { listFilters } from './filter-list.ts';
import { showFilter } from './filter-show.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bailiff-filter-'));
after(() => rmSync(folder, { recursive: true }));
const folders = [shippedFilters];
const common = { folders, name: 'sshd', file: '-', warn: (text: string) => assert.fail(text) };

/** What a command prints. */
async function printed(run: (print: (line: string) => void) => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  await run((line) => lines.push(line));
  return lines;
}

async function tried(
  text: string,
  options: Partial<FilterTestOptions> = {},
): Promise<Record<string, unknown>[]> {
  const input = (async function* () {
    // In pieces that end in the middle of lines.
    for (let at = 0; at < text.length; at += 50) yield Buffer.from(text.slice(at, at + 50));
  })();
  const lines = await printed((print) =>
    testFilter({ ...common, json: true, print, input, timeZone: 'UTC', ...options }),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const log = [
  'Nov 22 16:02:01 host sshd[7]: User root not allowed because account is locked',
  'Nov 22 16:02:02 host sshd[7]: Failed password for root from 203.0.113.7 port 22 ssh2',
  'Nov 22 16:02:03 host sshd[7]: Connection closed by authenticating user root 203.0.113.7 port 22 [preauth]',
  'Nov 22 16:02:04 host cron[8]: nothing',
  'Nov 22 16:02:05 host sshd[9]: Accepted password for root from 203.0.113.7 port 22 ssh2',
].join('\n');

test('one object per line, sessions merged as the daemon does, the last line without a newline too', async () => {
  const time = Date.parse('2026-11-22T16:02:00Z') / 1_000;
  const options = { now: '2026-11-22T17:00:00Z' };
  const fields = { user: 'root', session: '7' };
  assert.deepEqual(await tried(log, options), [
    { line: 1, result: 'nofail', host: null, time: time + 1, attempts: 0, fields },
    {
      line: 2,
      result: 'hit',
      host: '203.0.113.7',
      time: time + 2,
      attempts: 2,
      fields: { ...fields, method: 'password' },
    },
    { line: 3, result: 'nofail', host: '203.0.113.7', time: time + 3, attempts: 0, fields: { session: '7' } },
    { line: 4, result: 'miss', host: null, time: null, attempts: 0, fields: {} },
    {
      line: 5,
      result: 'nofail',
      host: '203.0.113.7',
      time: time + 5,
      attempts: 0,
      fields: { user: 'root', session: '9', method: 'password' },
    },
  ]);
});

test('--journal takes the present for every line, --tz the zone of dates, --now the year', async () => {
  const line = 'Nov 22 16:02:01 host sshd[7]: Failed password for root from 203.0.113.7 port 22 ssh2';
  const seconds = async (options: Partial<FilterTestOptions>): Promise<unknown> =>
    (await tried(line, options))[0]?.['time'];
  const now = '2024-11-22T17:00:00Z';
  assert.equal(await seconds({ now }), Date.parse('2024-11-22T16:02:01Z') / 1_000);
  assert.equal(await seconds({ now, timeZone: 'Europe/Berlin' }), Date.parse('2024-11-22T15:02:01Z') / 1_000);
  assert.equal(await seconds({ now, journal: true }), Date.parse(now) / 1_000);
});

test('a line without a date in an old file is as old as the file', async () => {
  const file = path.join(folder, 'container.log');
  writeFileSync(file, 'Failed password for root from 203.0.113.7 port 22 ssh2\n');
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const [line] = await tried('', { file });
  assert.equal(line?.['time'], 1_700_000_000);
});

test('the summary counts the same as the lines do', async () => {
  const file = path.join(folder, 'auth.log');
  writeFileSync(file, log);
  const lines = await printed((print) => testFilter({ ...common, json: false, print, file }));
  assert.deepEqual(
    lines.slice(0, 5).map((line) => line.replace(/\s+/g, ' ').trim()),
    [
      '5 lines, 408 bytes'.replace('408', String(log.length)),
      'hit 1 (1 addresses)',
      'nofail 3',
      'ignored 0',
      'miss 1',
    ],
  );
  assert.match(lines[5] ?? '', /^\d+ lines\/s, [\d.]+ MB\/s$/);
});

test('what the thread that judges cannot read is told as everywhere else', async () => {
  const read = printed((print) => testFilter({ ...common, json: false, print, file: folder }));
  await assert.rejects(read, { name: 'BailiffError', code: 'usage', where: folder, message: /EISDIR/ });
});

test('a summary of what comes in pieces is that of the file, and matches of all of its chunks are merged in turn', async () => {
  const file = path.join(folder, 'long.log');
  const failed = 'Nov 22 16:02:02 host sshd[7]: Failed password for root from 203.0.113.7 port 22 ssh2\n';
  const locked = 'Nov 22 16:02:01 host sshd[8]: User root not allowed because account is locked\n';
  const last = 'Nov 22 16:02:01 host sshd[8]: Connection from 203.0.113.8 port 22';
  const text = Buffer.from(`${failed.repeat(30_000)}${locked}${'nothing\n'.repeat(20_000)}${last}`);
  writeFileSync(file, text);
  const input = (async function* () {
    for (let at = 0; at < text.length; at += 65_536) yield text.subarray(at, at + 65_536);
  })();
  const whole = await printed((print) => testFilter({ ...common, json: false, print, file }));
  const pieces = await printed((print) => testFilter({ ...common, json: false, print, input }));
  const summary = (lines: readonly string[]) => lines.filter((line) => !line.includes(' lines/s'));
  assert.deepEqual(summary(whole), summary(pieces));
  assert.deepEqual(
    whole.slice(1, 5).map((line) => line.trim()),
    ['hit      30001 (2 addresses)', 'nofail   1', 'ignored  0', 'miss     20000'],
  );
});

test('between two chunks of a file others get their turn: that nobody reads on, for instance', async () => {
  const file = path.join(folder, 'chunks.log');
  writeFileSync(file, 'nothing of interest in this line, or in any other\n'.repeat(50_000));
  let turn = 0;
  let printed = 0;
  const print = (): void => {
    if (printed++ === 0) setImmediate(() => (turn = printed));
  };
  await testFilter({ ...common, json: true, print, file });
  assert.equal(printed, 50_000);
  assert.ok(turn > 0 && turn < printed, `after ${turn} lines`);
});

test('the report says what decided, and how dates are written', async () => {
  const file = path.join(folder, 'decided.log');
  writeFileSync(file, `${log}\n`);
  const lines = await printed((print) => testFilter({ ...common, json: false, print, file }));
  const report = lines.slice(6).map((line) => line.trim());
  assert.equal(report[0], 'expressions');
  assert.match(report[1] ?? '', /^1\) \[1\] \^Failed /);
  assert.match(report.find((line) => line.includes('Accepted')) ?? '', /^\d+\) \[1\] \(gained\) \^Accepted /);
  assert.match(report.at(-3) ?? '', /^\d+ decided no line$/);
  assert.deepEqual(report.slice(-2), ['dates', '[5] as Nov 22 16:02:01']);
});

test('lines are printed by what they gave, the first of each kind, and nothing in them reaches the terminal', async () => {
  const input = (async function* () {
    yield Buffer.from(`${log}\n\u001b[2Jx\u202e\r\n${'y\n'.repeat(20)}`);
  })();
  const wanted = { matched: 'all', missed: 'some', ignored: 'none' } as const;
  const lines = await printed((print) =>
    testFilter({ ...common, json: false, print, input, lines: wanted, timeZone: 'UTC' }),
  );
  const shown = lines.slice(
    0,
    lines.findIndex((line) => line.includes(' bytes')),
  );
  assert.deepEqual(
    shown.slice(0, 6).map((line) => line.slice(0, 30)),
    [
      'nofail       1: Nov 22 16:02:0',
      'hit          2: Nov 22 16:02:0',
      'nofail       3: Nov 22 16:02:0',
      'miss         4: Nov 22 16:02:0',
      'nofail       5: Nov 22 16:02:0',
      'miss         6: \\x1b[2Jx\\u{202',
    ],
  );
  assert.equal(shown.filter((line) => line.startsWith('miss')).length, 20);
  assert.equal(shown.at(-1), '2 more lines missed: --print-all-missed prints them');
});

test("a filter of fail2ban's is told with its places, and what is wrong with it beside the result", async () => {
  const fail2ban = folderOf({
    'filter.d/f.conf':
      '[INCLUDES]\nbefore = no.conf\n[Definition]\nfailregex = bad <HOST>\n  ^<F-NOFAIL>so</F-NOFAIL> <HOST>\nignoreregex = ours$\n',
    'filter.d/g.conf': '[Definition]\nfailregex = [\nnonsense\n',
  });
  const file = path.join(folder, 'f.log');
  writeFileSync(file, '2026-11-22 16:02:01 bad 203.0.113.7\nbad 203.0.113.7 ours\nso 203.0.113.7\n');
  const told: string[] = [];
  const warn = (text: string) => told.push(text);
  const options = { ...common, name: 'f', json: false, fail2ban, file, warn, timeZone: 'UTC' };
  const lines = await printed((print) => testFilter({ ...options, print }));
  const place = path.join(fail2ban, 'filter.d/f.conf');
  assert.deepEqual(
    told.map((text) => text.split(' [')[0]),
    [`${place}:2: there is no file "no.conf" to include`],
  );
  assert.deepEqual(
    lines.slice(6).map((line) => line.trim()),
    [
      'expressions',
      `1) [1] ${place}:4 bad <HOST>`,
      `2) [1] ${place}:5 (nofail) ^<F-NOFAIL>so</F-NOFAIL> <HOST>`,
      'ignored for',
      `1) [1] ${place}:6 ours$`,
      'dates',
      '[1] {^LN-BEG}%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\\s*%z)? as 2026-11-22 16:02:01',
      '[2] none, or none that can be read in one way alone',
    ],
  );
  await assert.rejects(
    printed((print) => testFilter({ ...options, name: 'g', print })),
    /g\.conf:3: "nonsense" is neither .*cannot be used, as its files have errors/s,
  );
});

test('wrong usage is told', async () => {
  for (const options of [
    { now: 'yesterday' },
    { timeZone: 'Mars/Olympus' },
    { set: ['colour=red'] },
    { file: path.join(folder, 'missing') },
    { lines: { matched: 'all', missed: 'none', ignored: 'none' } as const },
  ]) {
    await assert.rejects(tried('', options), { code: 'usage' });
  }
  await assert.rejects(tried('', { name: 'nothing' }), { code: 'filter-not-found' });
  await assert.rejects(tried('', { set: ['mode=nothing'] }), { code: 'filter-mode' });
});

const modal = path.join(import.meta.dirname, '../config/testdata/filters/modal.yaml');

test('a filter of ours is tried in the mode that --set chooses', async () => {
  const results = async (...set: string[]) => {
    const lines = await tried('refused 203.0.113.7\nlate 203.0.113.7\n', { name: modal, set });
    return lines.map(({ result }) => result);
  };
  assert.deepEqual(await results(), ['hit', 'miss']);
  assert.deepEqual(await results('mode=normal'), ['hit', 'miss']);
  assert.deepEqual(await results('mode=strict'), ['hit', 'hit']);
});

test('show tells where the service logs, and the modes there are', async () => {
  const lines = await printed((print) =>
    showFilter({ folders, json: false, print, name: `${modal}[mode=strict]` }),
  );
  assert.deepEqual(lines, [
    'modal[mode=strict]: a filter with modes, whose service logs to a file in its container',
    '  files in it  /data/modal.log',
    '  modes        normal (default), strict',
    'searched for: "refused " "late "',
    'hit     ^refused <HOST>$',
    'hit     ^late <HOST>$',
    '1 samples, all as they say',
  ]);
});

test('list and show', async () => {
  const list = await printed((print) => listFilters({ folders, json: true, print }));
  assert.ok((JSON.parse(list.join('')) as { name: string }[]).some(({ name }) => name === 'sshd'));
  const text = await printed((print) => listFilters({ folders, json: false, print }));
  assert.ok(text.some((line) => /^sshd +OpenSSH server/.test(line)));
  assert.ok(text.some((line) => /^vaultwarden .* forgeable$/.test(line)));
  assert.ok(!text.some((line) => /^sshd .* forgeable$/.test(line)));
  const shown = await printed((print) => showFilter({ folders, json: true, print, name: 'sshd' }));
  assert.equal((JSON.parse(shown.join('')) as { name: string }).name, 'sshd');
  const described = await printed((print) => showFilter({ folders, json: false, print, name: 'sshd' }));
  assert.match(described.at(-1) ?? '', /^\d+ samples, all as they say$/);
  const nginx = await printed((print) =>
    showFilter({ folders, json: false, print, name: 'nginx-http-auth' }),
  );
  assert.ok(nginx.some((line) => /^ {2}forgeable +nginx writes the path/.test(line)));
});
