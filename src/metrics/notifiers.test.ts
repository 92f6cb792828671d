import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptySeries, expose } from './exposition.ts';
import { registerNotifiers } from './notifiers.ts';

test('each notifier has its figures', async () => {
  const series = emptySeries();
  const ops = { name: 'ops', waiting: 2, sent: 3, failed: 4, dropped: 5 };
  registerNotifiers(series, () => [
    { ...ops, problem: 'no route' },
    { ...ops, name: 'chat', waiting: 0, problem: null },
  ]);
  const { text } = await expose(series);
  for (const line of [
    'bailiff_notify_queue_length{notifier="ops"} 2',
    'bailiff_notify_queue_length{notifier="chat"} 0',
    'bailiff_notify_failing{notifier="ops"} 1',
    'bailiff_notify_failing{notifier="chat"} 0',
    'bailiff_notify_sent_total{notifier="ops"} 3',
    'bailiff_notify_failed_total{notifier="ops"} 4',
    'bailiff_notify_dropped_total{notifier="ops"} 5',
  ])
    assert.ok(text.split('\n').includes(line), line);
  assert.equal((await expose(series)).text, text);
});
