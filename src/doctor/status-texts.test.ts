import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy } from '../../test/setup/machine.ts';
import { describeFindings, HiddenClients } from '../app/hidden-clients.ts';
import { Ineffective } from '../app/ineffective.ts';
import { skewWarning } from '../app/skew-warning.ts';
import { otherWarnings, otherwise, skewIn, tellsOfIneffectiveBan } from './status-texts.ts';

// The sentences come from those who write them.
const skews = [3_600, -1_800, 77].map((skew) => skewWarning(skew, 'UTC', 1_700_000_000) ?? '');

const hidden = new HiddenClients('docker:web');
hidden.protectedHit('shop', '172.18.0.2', { section: 'docker', reason: 'Docker network proxy' });
const masked = describeFindings(hidden.findings())[0] ?? '';

test('a skew is told from what else a source warns of', () => {
  for (const skew of skews) {
    assert.equal(skewIn(skew), skew);
    assert.equal(skewIn(`${masked}; lines may be missing; ${skew}`), skew);
    assert.equal(otherwise(skew), null);
    assert.equal(otherwise(`lines may be missing; ${skew}`), 'lines may be missing');
    assert.equal(otherwise(`${masked}; lines may be missing; ${skew}`), 'lines may be missing');
  }
  assert.equal(otherwise(masked), null);
  assert.deepEqual([skewIn(masked), skewIn(null), otherwise(null)], [null, null, null]);
});

test('bans that keep nobody out are told by their words', () => {
  const ineffective = new Ineffective({ now: () => 1_000 }, () => undefined);
  const ban = { jail: 'shop', since: 0, until: null, hits: 1, count: 1, policy: 'drop', forced: false };
  for (let n = 1; n <= 7; n += 1) {
    for (let hit = 0; hit < 3; hit += 1) {
      ineffective.hit({ ...ban, address: `203.0.113.${n}` }, 'docker:web', 500);
    }
  }
  const warnings = ineffective.warnings();
  assert.equal(warnings.length, 6);
  for (const text of warnings) assert.ok(tellsOfIneffectiveBan(text), text);
  assert.equal(tellsOfIneffectiveBan(masked), false);
});

test('what no other check explains is left', () => {
  const source = {
    id: 'file:/var/log/auth.log',
    state: 'reading' as const,
    detail: '',
    lag: 0,
    lagSeconds: null,
    lines: 0,
    lastLine: null,
    since: 0,
    errors: 0,
    restarts: 0,
    lastError: null,
    behind: null,
    silent: null,
    jails: ['sshd'],
    warning: 'x',
  };
  const error = { code: 'config-invalid', where: 'web, label a', message: 'no', remedy: null };
  const status = {
    ...healthy,
    sources: [source],
    labels: [{ container: 'web', errors: [error], notes: [] }],
    warnings: [
      'file:/var/log/auth.log: x',
      'file:/var/log/auth.log is not read: y',
      'jail sshd reads nothing: z',
      'web, label a: no',
      '3 more labels are not heeded',
      '3 more bans keep nobody out',
      'the database was damaged',
    ],
  };
  assert.deepEqual(otherWarnings(status), ['the database was damaged']);
});
