import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { KernelSet } from './testbed/kernel-set.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

/** Judges the same log as sshd's jail; takes for ever on `hostile`. */
const filter = [
  'name: slow',
  'description: an expression that can blow up',
  'kind: regex',
  'expressions:',
  "  - hit: '^(?:(a+)+)+ <HOST>$'",
  'samples:',
  "  - line: 'aaa 203.0.113.7'",
  '    yields: hit',
  '    host: 203.0.113.7',
].join('\n');
const hostile = `${'a'.repeat(40)}!\n`;

describe('an expression that does not come to an end on a line', {
  timeout: 120_000,
  skip: cannotRun(),
}, () => {
  let workplace: Workplace;
  let host: string;
  let log: AuthLog;
  let other: AuthLog;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    ({ host } = await createNetwork(workplace));
    log = new AuthLog(workplace.path('auth.log'));
    other = new AuthLog(workplace.path('other.log'));
    const filters = workplace.makeDirectory('filters');
    writeFileSync(join(filters, 'slow.yaml'), filter);
    bailiff = new Daemon(workplace, host, {
      BAILIFF_JAILS: 'sshd',
      BAILIFF_FILTER_DIRECTORY: filters,
      BAILIFF_JAIL_SSHD_LOGPATH: log.path,
      BAILIFF_JAIL_OTHER_FILTER: 'sshd',
      BAILIFF_JAIL_OTHER_LOGPATH: other.path,
      BAILIFF_JAIL_SLOW_FILTER: 'slow',
      BAILIFF_JAIL_SLOW_LOGPATH: log.path,
    });
    await bailiff.start();
    await bailiff.untilReading(`file:${log.path}`);
    await bailiff.untilReading(`file:${other.path}`);
  });
  after(() => workplace?.close());

  /** Writes a line that nobody can judge with that expression, then what bans three addresses, and says how long that took. */
  async function attack(round: number): Promise<number> {
    const attackers = [1, 2, 3].map((jail) => `198.51.100.${round * 10 + jail}`);
    const [first = '', second = '', third = ''] = attackers;
    const slow = `${'a'.repeat(round)} ${third}\n`.repeat(5);
    const set = new KernelSet(host, 'bailiff4');
    const began = performance.now();
    log.append(hostile);
    log.fail(first, first, first, first, first);
    log.append(slow);
    other.fail(second, second, second, second, second);
    await eventually('all three are shut out', async () => {
      for (const address of attackers) if (!(await set.has(address))) return false;
      return true;
    });
    const took = performance.now() - began;
    await set.close();
    return took;
  }

  const restarts = () => bailiff.output().split('a scanning thread was restarted').length - 1;

  it('costs that expression that line; every jail bans as ever', async (t) => {
    const times: number[] = [];
    for (const round of [1, 2, 3]) times.push(await attack(round));
    t.diagnostic(`from the hostile line to all bans: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
    assert.equal(restarts(), 3);
    const { jails, ready, problems } = await bailiff.status();
    assert.deepEqual(jails.map(({ name, hits, bans }) => [name, hits, bans]).sort(), [
      ['other', 15, 3],
      ['slow', 15, 3],
      ['sshd', 15, 3],
    ]);
    assert.equal(ready, false);
    assert.match(problems.join(), /filter slow \(.*slow\.yaml\): expression 1 .* linear engine/);
    assert.match(bailiff.output(), /a{40}!/);
  });

  it('is run by a linear engine after the third time, and holds up nothing any more', async (t) => {
    const times: number[] = [];
    for (const round of [4, 5, 6]) times.push(await attack(round));
    t.diagnostic(`from the hostile line to all bans: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
    assert.equal(restarts(), 3);
    const { jails } = await bailiff.status();
    assert.deepEqual(
      jails.map(({ hits }) => hits),
      [30, 30, 30],
    );
  });
});
