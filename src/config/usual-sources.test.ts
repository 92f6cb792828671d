import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { presentSources } from './usual-sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-usual-'));
after(() => rmSync(folder, { recursive: true }));

const match = [['_SYSTEMD_UNIT=ssh.service']];
const now = 1_795_000_000;
let serial = 0;

/** What SSH's jail reads where these were last written so long ago, in seconds; null: they are not there. */
function chosen(file: number | null, journal: number | null): 'file' | 'journal' {
  const place = join(folder, `${serial++}`);
  const machine = join(place, 'journal', 'a1');
  mkdirSync(machine, { recursive: true });
  const [path, journalPath] = [join(place, 'auth.log'), join(machine, 'system.journal')];
  for (const [name, age] of [
    [path, file],
    [journalPath, journal],
  ] as const) {
    if (age === null) continue;
    writeFileSync(name, '');
    utimesSync(name, now - age, now - age);
  }
  const logs = { logpath: [path, join(place, 'secure')], journal: match };
  const sources = presentSources(logs, join(place, 'journal'));
  const from = sources.journal.length === 0 ? 'file' : 'journal';
  assert.deepEqual(
    sources,
    from === 'file' ? { ...logs, journal: [] } : { ...logs, logpath: [] },
    'never both',
  );
  return from;
}

test('SSH is read from the file, from the journal where there is no file, never from both', () => {
  assert.equal(chosen(null, null), 'file');
  assert.equal(chosen(0, null), 'file');
  assert.equal(chosen(null, 0), 'journal');
  assert.equal(chosen(0, 0), 'file');
  assert.equal(chosen(3_600, 0), 'file');
});

test('a file that nothing writes any more does not hide the journal', () => {
  assert.equal(chosen(2 * 86_400, 0), 'journal');
  assert.equal(chosen(0, 2 * 86_400), 'file');
});

test('services that do not log to the journal are read from their files', () => {
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'there', 'system.journal'), '');
  const logs = { logpath: ['/var/log/nginx/error.log'], journal: [] };
  assert.deepEqual(presentSources(logs, join(folder, 'there')), logs);
});

test('services that log to the journal alone are read from it, also where there is none yet', () => {
  const logs = { logpath: [], journal: match };
  assert.deepEqual(presentSources(logs, join(folder, 'none')), logs);
});
