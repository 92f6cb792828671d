import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import type { JailConfiguration } from '../config/schema.ts';
import { Allowlist } from '../core/allowlist.ts';
import { Sessions } from '../core/session.ts';
import { systemClock } from '../core/types.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Jails } from './jails.ts';

const web = jailWith('web', { filter: 'nginx-http-auth', container: ['shop'] });

function jails(...configured: JailConfiguration[]): Jails {
  const ledger = new Ledger({
    path: ':memory:',
    clock: systemClock,
    allowlist: new Allowlist(),
    sessions: new Sessions(),
  });
  return new Jails({ jails: configured, maxTracked: 1_000 }, ledger);
}

test('containers that ask for the same share a jail', () => {
  const all = jails();
  assert.equal(all.add(web), all.add({ ...web, container: ['blog'] }));
});

test('a recreated container with other labels has its jail made anew, counts and all', () => {
  const all = jails();
  const before = all.add({ ...web, name: 'web@shop', maxretry: 4 });
  before.hits = 7;
  before.jail.windows.add('203.0.113.7', 1_000, 2);
  const after = all.add({ ...web, name: 'web@shop', maxretry: 3 });
  assert.deepEqual([after.configuration.name, after.jail.limits.maxretry, after.hits], ['web@shop', 3, 7]);
  assert.equal(after.jail.windows.add('203.0.113.7', 1_001, 1), 3);
});
