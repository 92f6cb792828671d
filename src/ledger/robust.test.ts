import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Allowlist } from '../core/allowlist.ts';
import { plainPolicy } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Retention } from './history.ts';
import { Ledger } from './ledger.ts';

const limits = { maxretry: 5, findtime: 600, maxTracked: 10_000 };
const line = { filter: 0, time: 1_000_000, session: '4711', user: '', fields: '', line: '' };

let folder = '';
let path = '';
let sessions = new Sessions();
const clock = { seconds: 0, now: () => clock.seconds };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bailiff-robust-'));
  path = join(folder, 'bailiff.db');
  clock.seconds = 1_000_010;
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(retention: Partial<Retention> = {}): Ledger {
  sessions = new Sessions();
  const ledger = new Ledger({ path, clock, allowlist: new Allowlist(), sessions, retention });
  for (const _ of ledger.readBans());
  return ledger;
}

/** Statements fail with this code of SQLite's, the next one or all until it is undone. */
function fail(errcode: number, message: string, once: boolean): () => void {
  const { run } = StatementSync.prototype;
  const undo = (): void => {
    StatementSync.prototype.run = run;
  };
  StatementSync.prototype.run = () => {
    if (once) undo();
    throw Object.assign(new Error(message), { errcode });
  };
  return undo;
}

test('what is stored is for its owner alone, also in a folder that others may look into', () => {
  for (const present of [false, true]) {
    if (present) chmodSync(path, 0o644);
    chmodSync(folder, 0o755);
    const ledger = open();
    ledger.ban(ban(present ? '203.0.113.7' : '203.0.113.8'));
    ledger.commit();
    const files = readdirSync(folder);
    assert.ok(files.includes('bailiff.db-wal'));
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
    ledger.close();
  }
});

function ban(address: string, bantime: number | null = 600) {
  return { address, jail: 'sshd', bantime, hits: 5, policy: plainPolicy };
}

/** What every version that was released knew, as its own code stored it. */
function holdsWhatWasStored(ledger: Ledger): void {
  assert.equal(ledger.active.get('sshd', '203.0.113.7')?.until, 1_000_600);
  assert.equal(ledger.active.get('sshd', '2001:db8:1:2::/64')?.until, null);
  assert.equal(ledger.active.get('sshd', '203.0.113.8'), undefined, 'it was let in');
  assert.equal(ledger.cursor('file:/var/log/auth.log'), '{"offset":200}');
  const windows = ledger.openWindows('sshd', limits);
  assert.equal(windows.add('203.0.113.20', 1_000_010, 1), 4);
  assert.equal(windows.add('203.0.113.21', 1_000_010, 1), 5);
  const attempt = sessions.merge('file:/var/log/auth.log\nsshd', {
    ...line,
    kind: 'nofail',
    host: '203.0.113.9',
  });
  assert.deepEqual([attempt?.host, attempt?.attempts], ['203.0.113.9', 1], 'an open session goes on');
}

describe('upgrades', () => {
  const testdata = join(import.meta.dirname, 'testdata');
  for (const name of readdirSync(testdata)) {
    test(`from ${name}: bans, cursors, counts and sessions are kept, twice over`, () => {
      copyFileSync(join(testdata, name), path);
      const ledger = open();
      assert.equal(ledger.blank, null);
      ledger.ban(ban('203.0.113.77'));
      ledger.commit();
      ledger.close();
      const again = open();
      holdsWhatWasStored(again);
      assert.equal(again.active.get('sshd', '203.0.113.77')?.policy, plainPolicy);
      again.close();
      const database = new DatabaseSync(path);
      assert.equal(database.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'], 2);
      database.close();
    });
  }

  test('there is a stored database of every schema version', () => {
    open().close();
    const database = new DatabaseSync(path);
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    database.close();
    const expected = Array.from({ length: version }, (_, index) => `schema-${index + 1}.db`);
    assert.deepEqual(readdirSync(testdata).sort(), expected);
  });
});

describe('a database that makes no sense', () => {
  function stored(): void {
    const ledger = open();
    for (let index = 0; index < 2_000; index++) ledger.ban(ban(`198.51.${index >> 8}.${index & 255}`));
    ledger.moveCursor('file:/log', 'at 100');
    ledger.commit();
    ledger.close();
  }

  const injuries: Record<string, () => void> = {
    'no database at all': () => writeFileSync(path, 'Dear diary,\n'.repeat(1_000)),
    'cut off in the middle': () => truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096),
    'pages overwritten': () => {
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 4_096 * 3, 4_096 * 6);
      writeFileSync(path, bytes);
    },
    'a blob that cannot be read': () => {
      const database = new DatabaseSync(path);
      database.exec("UPDATE buckets SET packed = x'00ff00ff'");
      database.close();
    },
  };
  for (const [injury, injure] of Object.entries(injuries)) {
    test(`${injury}: it is moved aside, said, and another one is begun`, () => {
      stored();
      injure();
      const ledger = open();
      assert.equal(ledger.blank?.code, 'ledger-damaged');
      ledger.commit();
      const [aside = ''] = readdirSync(folder).filter((name) => name.includes('.corrupt-'));
      assert.match(aside, /^bailiff\.db\.corrupt-1970-01-12T13-46-50Z$/);
      assert.match(ledger.damages.join(), /^the database was damaged \(.+\) and has been moved to .+corrupt/);
      assert.deepEqual([ledger.active.size, ledger.cursor('file:/log')], [0, null]);
      ledger.ban(ban('203.0.113.7'));
      ledger.commit();
      ledger.close();
      const again = open();
      assert.deepEqual([again.blank, again.active.size], [null, 1]);
      again.close();
    });
  }

  test('of many of them the last three are kept', () => {
    for (let day = 0; day < 6; day++) {
      clock.seconds += 86_400;
      writeFileSync(path, 'Dear diary,\n'.repeat(1_000));
      const ledger = open();
      ledger.commit();
      ledger.close();
    }
    assert.equal(readdirSync(folder).filter((name) => name.includes('.corrupt-')).length, 3);
  });

  test('found while it runs: memory is written to another one, nothing is lost', () => {
    stored();
    const ledger = open();
    const windows = ledger.openWindows('sshd', limits);
    windows.add('203.0.113.20', 1_000_000, 3);
    ledger.counted({ jail: 'sshd', address: '203.0.113.20', time: 1_000_000, attempts: 3 });
    ledger.commit();
    const [first] = ledger.active.all();
    if (first !== undefined) ledger.unban(first, 'manual');
    ledger.moveCursor('file:/log', 'at 200');
    // What SQLite says of a page that it has to read again, and that somebody has written over.
    fail(11, 'database disk image is malformed', true);
    ledger.commit();
    assert.match(ledger.damages.join(), /^the database was damaged \(database disk image is malformed\)/);
    const known = { size: ledger.active.size, cursor: ledger.cursor('file:/log') };
    assert.deepEqual(known, { size: 1_999, cursor: 'at 200' });
    ledger.close();
    const again = open();
    assert.deepEqual({ size: again.active.size, cursor: again.cursor('file:/log') }, known);
    assert.equal(again.openWindows('sshd', limits).add('203.0.113.20', 1_000_001, 1), 4);
    again.close();
  });
});

describe('a database that cannot be opened', () => {
  test('everything goes on in memory, and is stored when it can be opened', () => {
    const blocked = join(folder, 'state');
    writeFileSync(blocked, 'a file in place of the directory');
    path = join(blocked, 'bailiff.db');
    const ledger = open();
    assert.equal(ledger.blank?.code, 'ledger-unusable');
    ledger.ban(ban('203.0.113.7'));
    ledger.moveCursor('file:/log', 'at 100');
    assert.throws(() => ledger.commit(), { code: 'ledger-unusable' });
    assert.equal(ledger.ban(ban('203.0.113.8', 60)).outcome, 'banned');
    rmSync(blocked);
    ledger.commit();
    ledger.close();
    const again = open();
    assert.equal(again.active.size, 2);
    assert.equal(again.cursor('file:/log'), 'at 100');
    again.close();
  });

  test('a hundred thousand bans and unbans meanwhile are a bounded backlog', () => {
    const ledger = open();
    const undo = fail(13, 'database or disk is full', false);
    try {
      for (let index = 0; index < 100_000; index++) {
        const answer = ledger.ban(ban(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`));
        if (answer.outcome === 'banned' && index % 10 !== 0) ledger.unban(answer.ban, 'manual');
      }
      assert.throws(() => ledger.commit(), { code: 'ledger-unusable', message: /disk is full/ });
    } finally {
      undo();
    }
    ledger.commit();
    ledger.close();
    const again = open();
    assert.equal(again.active.size, 10_000);
    again.close();
  });
});

test('months of bans do not let the file grow, and a flood gives its room back', { timeout: 240_000 }, () => {
  // What is kept for the history alone would stay for as long as that.
  const ledger = open({ history: 86_400 });
  const windows = ledger.openWindows('sshd', limits);
  let serial = 0;
  const day = (bans: number, commits: number): void => {
    for (let commit = 0; commit < commits; commit++) {
      clock.seconds += 86_400 / commits;
      for (const over of ledger.active.expired(clock.seconds)) ledger.unban(over, 'expired');
      for (let index = 0; index < bans / commits; index++) {
        serial++;
        const address = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`;
        windows.add(address, clock.seconds, 1);
        ledger.counted({ jail: 'sshd', address, time: clock.seconds, attempts: 1 });
        ledger.ban(ban(address, 3_600));
      }
      ledger.moveCursor(`docker:${serial}`, 'x');
      ledger.commit();
    }
  };
  const size = (): number => statSync(path).size;
  // Until each bucket was written once.
  for (let count = 0; count < 35; count++) day(1_000, 10);
  const usual = size();
  for (let count = 0; count < 40; count++) day(1_000, 10);
  const later = size();
  assert.ok(later < usual * 1.25, `from ${usual} to ${later} bytes`);
  day(50_000, 10);
  const flooded = size();
  for (let count = 0; count < 10; count++) day(1_000, 60);
  assert.ok(size() < flooded / 2, `from ${flooded} to ${size()} bytes after the flood`);
  assert.ok(statSync(`${path}-wal`).size <= 8 * 1024 * 1024);
  ledger.close();
});

describe('the clock', () => {
  test('set back: nobody is banned for longer than the ban was to last, in memory and on disk', () => {
    clock.seconds = 2_000_000;
    const ledger = open();
    ledger.ban(ban('203.0.113.7', 600));
    ledger.ban(ban('203.0.113.8', null));
    ledger.commit();
    clock.seconds -= 3_600;
    assert.equal(ledger.clockWentBack(), true);
    assert.equal(ledger.active.merged.get('203.0.113.7'), clock.seconds + 600);
    assert.equal(ledger.active.merged.get('203.0.113.8'), null);
    assert.equal(ledger.clockWentBack(), false);
    ledger.commit();
    ledger.close();
    clock.seconds += 1;
    const again = open();
    assert.equal(again.active.get('sshd', '203.0.113.7')?.until, clock.seconds + 599);
    again.close();
  });

  test('set back by ten years while Bailiff was down: the ban ends in time all the same', () => {
    clock.seconds = 400_000_000;
    const ledger = open();
    ledger.ban(ban('203.0.113.7', 600));
    ledger.commit();
    ledger.close();
    clock.seconds = 1_000_000;
    const again = open();
    assert.deepEqual(
      again.active.expired(1_000_600).map(({ address }) => address),
      ['203.0.113.7'],
    );
    again.close();
  });

  test('set back: attempts before and after it count together, also after a restart', () => {
    clock.seconds = 2_000_000;
    const ledger = open();
    const count = (of: Ledger, windows: ReturnType<Ledger['openWindows']>): number => {
      of.counted({ jail: 'sshd', address: '203.0.113.7', time: clock.seconds, attempts: 1 });
      return windows.add('203.0.113.7', clock.seconds, 1);
    };
    const windows = ledger.openWindows('sshd', limits);
    count(ledger, windows);
    count(ledger, windows);
    ledger.commit();
    clock.seconds -= 3_600;
    ledger.clockWentBack();
    assert.equal(count(ledger, windows), 3);
    ledger.commit();
    ledger.close();
    const again = open();
    assert.equal(count(again, again.openWindows('sshd', limits)), 4);
    clock.seconds += 3_600;
    assert.equal(count(again, again.openWindows('sshd', limits)), 1, 'set forward: they are long ago');
    again.close();
  });
});

test('a stored ban of what is no address is ended, told of, and stops no other', () => {
  const ledger = open();
  const ban = { jail: 'sshd', bantime: 600, hits: 5, policy: plainPolicy };
  for (const address of ['203.0.113.7', '203.0.113.8', '2001:db8::1']) ledger.ban({ address, ...ban });
  ledger.commit();
  ledger.close();
  const database = new DatabaseSync(path);
  const change = database.prepare('UPDATE bans SET address = ? WHERE address = ?');
  change.run('no\u001bbody', '203.0.113.7');
  change.run('2001:DB8:0::1', '2001:db8::1');
  database.close();
  const next = open();
  assert.deepEqual(
    [...next.active.all()].map(({ address }) => address),
    ['203.0.113.8'],
  );
  assert.deepEqual(next.damages, [
    'bans of what is no address in its usual form stood in the database, such as "no\\u001bbody": they were ended',
  ]);
  next.commit();
  next.close();
  const last = open();
  assert.deepEqual([last.damages, last.active.size], [[], 1]);
  last.close();
});

test('a stored policy that is none shuts all ports, a number that is too large is cut, and nothing else suffers', () => {
  const ledger = open();
  ledger.ban({ address: '203.0.113.7', jail: 'web', bantime: 600, hits: 5, policy: 'drop 80/tcp' });
  ledger.commit();
  ledger.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE bans SET policy = 'dr\u001bp 80/tcp', hits = 1 << 60, count = 1 << 63");
  database.close();
  const next = open();
  assert.deepEqual([...next.active.policies()], [plainPolicy]);
  assert.deepEqual([...next.active.merged], [['203.0.113.7', clock.seconds + 600]]);
  assert.deepEqual(
    [...next.active.all()].map(({ hits, count }) => [hits, count]),
    [[2 ** 31 - 1, 0]],
  );
  next.close();
});
