import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOfAction } from '../../src/config/fail2ban/action-kind.ts';
import { compileFail2banFilter } from '../../src/config/fail2ban/compile.ts';
import { readFail2ban } from '../../src/config/fail2ban/read.ts';
import { Services } from '../../src/config/fail2ban/services.ts';
import type { Fail2banJail } from '../../src/config/fail2ban/types.ts';
import { ownLogOf } from '../../src/config/fail2ban-layer.ts';
import { type MappingParts, mapJail } from '../../src/config/fail2ban-mapping.ts';
import type { JailOptions } from '../../src/config/schema.ts';
import { stockWith } from './folders.ts';

/** What one jail is mapped to, on a line. */
function described(jail: Fail2banJail, { logpath, journal, bans, ports, action }: JailOptions): string {
  const filter = jail.filter === null ? null : compileFail2banFilter(jail.filter);
  const sources = [
    ...(logpath ?? []),
    ...(journal === undefined || journal.length === 0 ? [] : [`journal ${JSON.stringify(journal)}`]),
    ...(bans === undefined ? [] : [`bans of ${bans.join(' ')}`]),
  ];
  const shut = ports === undefined ? '' : ` ${typeof ports === 'string' ? ports : JSON.stringify(ports)}`;
  const actions = jail.actions.map((each) => `${each.name}: ${kindOfAction(each).kind}`);
  return `${jail.name} -> ${filter?.name} (${filter?.expressions.length}) -> ${sources.join(', ')} -> ${action}${shut} (${actions.join(', ')})`;
}

test('all stock jails, enabled at once, load and are mapped', (t) => {
  const read = readFail2ban(stockWith({ 'jail.local': '[DEFAULT]\nenabled = true\n' }));
  assert.deepEqual(
    read.problems.map(({ error }) => error.describe()),
    [],
  );
  assert.deepEqual(read.disabled, []);
  assert.ok(read.jails.length > 80);
  const parts: MappingParts = {
    ownLog: ownLogOf(read, null),
    services: new Services(),
    allowActions: false,
    present: (sources) => sources,
  };
  let shutting = 0;
  for (const jail of read.jails) {
    const { options, remarks } = mapJail(jail, parts);
    assert.ok(jail.filter !== null && compileFail2banFilter(jail.filter).expressions.length > 0, jail.name);
    const { logpath = [], journal = [], bans = [] } = options;
    assert.ok(logpath.length + journal.length + bans.length > 0, `${jail.name} reads nothing`);
    const shutsOut = jail.actions.some((action) => kindOfAction(action).kind === 'enforcement');
    assert.equal(options.action !== 'none', shutsOut, jail.name);
    assert.ok(shutsOut || remarks.length > 0, `${jail.name} shuts nobody out, and nobody is told`);
    shutting += shutsOut ? 1 : 0;
    t.diagnostic(described(jail, options));
    for (const { text } of remarks) t.diagnostic(`    ${text}`);
  }
  t.diagnostic(`${read.jails.length} jails, ${shutting} of which shut somebody out`);
  assert.ok(shutting > 80);
});
