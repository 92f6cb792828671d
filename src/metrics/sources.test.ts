import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptySeries, expose } from './exposition.ts';
import { registerSources } from './sources.ts';

test('each source has its figures; a gone one leaves none behind', async () => {
  const series = emptySeries();
  const quiet = {
    id: 'b',
    state: 'waiting',
    lag: 0,
    lagSeconds: null,
    lastLine: null,
    errors: 0,
    restarts: 0,
    silent: null,
    jails: ['sshd'],
  };
  const busy = {
    ...quiet,
    id: 'a',
    state: 'reading',
    lag: 5,
    lagSeconds: 2.5,
    lastLine: 99.5,
    errors: 2,
    restarts: 1,
    silent: 'silent for 3h',
    jails: ['sshd', 'web'],
  };
  let sources = [busy, quiet];
  registerSources(series, {
    sources: () => sources,
    skews: () => [['a', 3_600]],
    labelErrors: () => [['web', 2]],
    setAside: () => [{ filter: 'web', expression: 'prefix', restraint: 'linear' }],
  });
  const lines = async (): Promise<string[]> =>
    (await expose(series)).text.split('\n').filter((line) => /^b/.test(line));
  assert.deepEqual(await lines(), [
    'bailiff_source_reading{source="a"} 1',
    'bailiff_source_reading{source="b"} 0',
    'bailiff_source_failed{source="a"} 0',
    'bailiff_source_failed{source="b"} 0',
    'bailiff_source_lag_bytes{source="a"} 5',
    'bailiff_source_lag_bytes{source="b"} 0',
    'bailiff_source_lag_seconds{source="a"} 2.5',
    'bailiff_source_last_line_timestamp_seconds{source="a"} 99.5',
    'bailiff_source_silent{source="a"} 1',
    'bailiff_source_silent{source="b"} 0',
    'bailiff_source_errors_total{source="a"} 2',
    'bailiff_source_errors_total{source="b"} 0',
    'bailiff_source_restarts_total{source="a"} 1',
    'bailiff_source_restarts_total{source="b"} 0',
    'bailiff_source_skew_seconds{source="a"} 3600',
    'bailiff_jail_source_info{jail="sshd",source="a"} 1',
    'bailiff_jail_source_info{jail="web",source="a"} 1',
    'bailiff_jail_source_info{jail="sshd",source="b"} 1',
    'bailiff_label_errors{container="web"} 2',
    'bailiff_expression_set_aside{filter="web",expression="prefix",restraint="linear"} 1',
  ]);
  sources = [{ ...quiet, state: 'failed' }];
  const after = await lines();
  assert.ok(!after.some((line) => /^bailiff_(?!source_skew).*source="a"/.test(line)));
  assert.ok(after.includes('bailiff_source_failed{source="b"} 1'));
});
