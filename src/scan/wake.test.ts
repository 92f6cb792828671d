import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Tree } from '../files/tree.ts';
import { Wake } from './wake.ts';

/** A log of which nothing is ever told, and who follows it; time passes only where the test says so. */
function follow(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const seen = { looks: 0, wakes: 0, size: 1 };
  const tree: Tree = {
    name: 'of this test',
    open: () => assert.fail('nothing is opened'),
    list: () => [],
    stat: () => undefined,
    look: () => {
      seen.looks++;
      return [seen.size];
    },
    target: (path) => path,
    watch: () => assert.fail('there is no such folder'),
  };
  const wake = new Wake({ tree, path: '/logs/a.log' });
  t.after(() => wake.close());
  let closed = false;
  t.after(() => {
    closed = true;
  });
  const following = async () => {
    while (!closed) {
      wake.look();
      await wake.next(false);
      seen.wakes++;
    }
  };
  void following();
  return {
    seen,
    /** What was done in so many seconds. */
    async pass(seconds: number) {
      const { looks, wakes } = seen;
      for (let half = 0; half < 2 * seconds; half++) {
        t.mock.timers.tick(500);
        await setImmediate();
      }
      return { looks: seen.looks - looks, wakes: seen.wakes - wakes };
    },
  };
}

test('a log that nobody tells of is looked at twice a second, and every two seconds once it has been quiet for half a minute', async (t) => {
  const { seen, pass } = follow(t);
  const busy = await pass(30);
  assert.ok(busy.looks >= 60 && busy.wakes >= 5, JSON.stringify(busy));
  const quiet = await pass(60);
  assert.ok(
    quiet.looks >= 30 && quiet.looks <= 40 && quiet.wakes >= 2 && quiet.wakes <= 4,
    JSON.stringify(quiet),
  );
  seen.size = 2;
  assert.equal((await pass(2)).wakes, 1, 'that it has changed is seen within two seconds');
  assert.ok((await pass(10)).looks >= 20, 'and it is looked at often again');
});
