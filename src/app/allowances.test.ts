import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { folderOf } from '../../test/setup/folder.ts';
import { Allowlist } from '../core/allowlist.ts';
import { Sessions } from '../core/session.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Allowances } from './allowances.ts';

/** One run of a daemon over this database. */
function open(database: string, now: number) {
  const clock = { seconds: now, now: () => clock.seconds };
  const allowlist = new Allowlist();
  const ledger = new Ledger({ path: database, clock, allowlist, sessions: new Sessions() });
  return { clock, allowlist, ledger, allowances: new Allowances(ledger, allowlist, clock) };
}

test('who is allowed is protected at once, until the time is over', () => {
  const { clock, allowlist, allowances } = open(':memory:', 1_000);
  allowances.add('203.0.113.7', 60);
  assert.equal(allowlist.reason('203.0.113.7'), 'allowed by hand');
  clock.seconds = 1_059;
  allowances.expire();
  assert.notEqual(allowlist.reason('203.0.113.7'), null);
  clock.seconds = 1_060;
  allowances.expire();
  assert.equal(allowlist.reason('203.0.113.7'), null);
  assert.deepEqual(allowances.all(), []);
});

test('a new entry takes the place of the one before', () => {
  const { allowances } = open(':memory:', 1_000);
  allowances.add('203.0.113.7', null);
  allowances.add('203.0.113.7', 60);
  assert.deepEqual(allowances.all(), [{ address: '203.0.113.7', since: 1_000, until: 1_060 }]);
});

test('a range takes away those inside it, and no wider one', () => {
  const { allowances } = open(':memory:', 1_000);
  for (const address of ['203.0.113.7', '203.0.113.0/25', '203.0.0.0/16']) allowances.add(address, null);
  const removed = allowances.remove('203.0.113.0/24').map(({ address }) => address);
  assert.deepEqual(removed, ['203.0.113.7', '203.0.113.0/25']);
  assert.equal(allowances.all().length, 1);
});

test('a restart keeps them with their ends, and those that are over meanwhile protect nobody', () => {
  const database = path.join(folderOf({}), 'bailiff.db');
  const before = open(database, 1_000);
  before.allowances.add('203.0.113.7', 600);
  before.allowances.add('203.0.113.8', 60);
  before.allowances.add('203.0.113.9', null);
  before.allowances.remove('203.0.113.9');
  before.ledger.commit();
  before.ledger.close();
  const { allowlist, allowances, ledger } = open(database, 1_100);
  assert.notEqual(allowlist.reason('203.0.113.7'), null);
  assert.equal(allowlist.reason('203.0.113.8'), null);
  assert.deepEqual(allowances.all(), [{ address: '203.0.113.7', since: 1_000, until: 1_600 }]);
  ledger.close();
});
