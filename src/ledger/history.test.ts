import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Allowlist } from '../core/allowlist.ts';
import { plainPolicy } from '../core/policy.ts';
import { Sessions } from '../core/session.ts';
import type { Ban } from '../core/types.ts';
import type { Retention } from './history.ts';
import { Ledger } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-history-'));
after(() => rmSync(folder, { recursive: true }));

const day = 86_400;
const clock = { seconds: 0, now: () => clock.seconds };

function open(name: string, retention: Partial<Retention> = {}, at = 100 * day, counting = day): Ledger {
  clock.seconds = at;
  const allowlist = new Allowlist();
  const ledger = new Ledger({
    path: join(folder, name),
    clock,
    allowlist,
    sessions: new Sessions(),
    retention,
    counting: () => counting,
  });
  for (const _ of ledger.readBans());
  return ledger;
}

const line = (time: number) => ({ time, source: 'file:/log', line: `Failed \u001b[2J 😀 ${time}` });

function ban(ledger: Ledger, address: string, evidence = [line(clock.seconds)]): Ban {
  const outcome = ledger.ban({ address, jail: 'sshd', bantime: 600, hits: 5, policy: plainPolicy, evidence });
  assert.equal(outcome.outcome, 'banned');
  return 'ban' in outcome ? outcome.ban : assert.fail();
}

/** Commits with nothing to say purge nothing. */
function commit(ledger: Ledger): void {
  ledger.moveCursor('file:/log', String(clock.seconds));
  ledger.commit();
}

test('the lines behind a ban are stored with it, and stay when it is over', () => {
  const first = open('lines.db');
  const made = ban(first, '203.0.113.7', [line(1), line(2)]);
  commit(first);
  first.close();
  const again = open('lines.db', {}, 100 * day + 600);
  assert.deepEqual(again.recordOf('203.0.113.7').evidence, [
    { jail: 'sshd', since: made.since, lines: [line(1), line(2)] },
  ]);
  again.unban(made, 'expired');
  commit(again);
  const { bans, evidence } = again.recordOf('203.0.113.7');
  assert.deepEqual(bans, [{ ...made, ended: clock.seconds, reason: 'expired' }]);
  assert.equal(evidence.length, 1);
  assert.deepEqual(again.recordOf('203.0.113.8'), { bans: [], evidence: [] });
  again.close();
});

test('ended bans are kept for the history longer than they count for the next; then they and their lines go', () => {
  const ledger = open('retention.db', { history: 7 * day });
  ledger.unban(ban(ledger, '203.0.113.7'), 'expired');
  commit(ledger);
  assert.equal(ledger.bansBefore('203.0.113.7', 'sshd', false), 1);
  clock.seconds += 2 * day;
  commit(ledger);
  assert.equal(ledger.bansBefore('203.0.113.7', 'sshd', false), 0, 'forgotten after a day, as in fail2ban');
  assert.equal(ledger.history(null).bans.length, 1);
  clock.seconds += 6 * day;
  commit(ledger);
  assert.deepEqual(ledger.recordOf('203.0.113.7'), { bans: [], evidence: [] });
  ledger.close();
});

test('a short history forgets nothing that counts for the next ban', () => {
  const ledger = open('short.db', { history: 60 }, 100 * day, 10 * day);
  ledger.unban(ban(ledger, '203.0.113.7'), 'expired');
  commit(ledger);
  clock.seconds += 5 * day;
  commit(ledger);
  assert.equal(ledger.bansBefore('203.0.113.7', 'sshd', false, 10 * day), 1);
  assert.equal(ledger.bansBefore('203.0.113.7', 'sshd', false, 4 * day), 0, 'another jail forgets sooner');
  ledger.close();
});

test('once lines are not to be kept those there are go', () => {
  const first = open('off.db');
  ban(first, '203.0.113.7');
  commit(first);
  first.close();
  const again = open('off.db', { evidence: false });
  commit(again);
  const { bans, evidence } = again.recordOf('203.0.113.7');
  assert.deepEqual([bans.length, evidence.length], [1, 0]);
  again.close();
});

test('a clock that was set back takes a ban and its lines along', () => {
  const ledger = open('clock.db');
  ban(ledger, '203.0.113.7');
  commit(ledger);
  clock.seconds -= 3_600;
  ledger.clockWentBack();
  commit(ledger);
  const { bans, evidence } = ledger.recordOf('203.0.113.7');
  assert.deepEqual([bans[0]?.since, evidence[0]?.since], [clock.seconds, clock.seconds]);
  ledger.close();
});

test('the history comes by pages, the newest first, each ban once', () => {
  const ledger = open('pages.db');
  for (let index = 0; index < 12_000; index++) {
    clock.seconds += 1;
    ban(ledger, `10.0.${index >> 8}.${index & 255}`, []);
  }
  commit(ledger);
  const times: number[] = [];
  for (let before: number | null = null; ; ) {
    const { bans, next } = ledger.history(before);
    assert.ok(bans.length <= 5_000);
    times.push(...bans.map(({ since }) => since));
    before = next;
    if (before === null) break;
  }
  assert.equal(new Set(times).size, 12_000);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
  ledger.close();
});

test('after a flood the lines of the newest bans are left', () => {
  const ledger = open('flood.db');
  for (let index = 0; index < 21_500; index++) ban(ledger, `10.1.${index >> 8}.${index & 255}`);
  commit(ledger);
  commit(ledger);
  clock.seconds += 1;
  commit(ledger);
  assert.equal(ledger.recordOf('10.1.0.0').evidence.length, 0);
  assert.equal(ledger.recordOf('10.1.5.219').evidence.length, 0, 'the 1,500th');
  assert.equal(ledger.recordOf('10.1.5.220').evidence.length, 1);
  ledger.close();
});
