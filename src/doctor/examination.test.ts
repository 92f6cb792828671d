import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineOf } from '../../test/setup/machine.ts';
import { type Check, ok, problem, warning } from './check.ts';
import { examine } from './examination.ts';

const checkOf = (name: string, run: Check['examine']): Check => ({ name, title: name, examine: run });

test('the worst stands first, and a check that fails or hangs takes nothing from the others', async () => {
  const reports = await examine(
    machineOf(),
    [
      checkOf('mixed', async () => [ok('a'), problem('b', 'do'), warning('c')]),
      checkOf('thrown', async () => {
        throw new Error('no\nluck');
      }),
      checkOf('hanging', () => new Promise(() => undefined)),
      checkOf('absent', async () => ({ notMade: 'no daemon' })),
    ],
    20,
  );
  assert.deepEqual(
    reports.map(({ name, findings, notMade }) => [name, findings.map(({ level }) => level), notMade]),
    [
      ['mixed', ['problem', 'warning', 'ok'], null],
      ['thrown', [], 'no luck'],
      ['hanging', [], 'no answer within 0.02 s'],
      ['absent', [], 'no daemon'],
    ],
  );
});
