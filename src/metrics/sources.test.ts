import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { registerSources } from './sources.ts';

test('each source has its figures; a gone one leaves none behind', async () => {
  const registry = new Registry();
  const quiet = { id: 'b', state: 'waiting', lag: 0, lastLine: null, errors: 0, restarts: 0, silent: null };
  const busy = {
    ...quiet,
    id: 'a',
    state: 'reading',
    lag: 5,
    lastLine: 99.5,
    errors: 2,
    restarts: 1,
    silent: 'silent for 3h',
  };
  let sources = [busy, quiet];
  let stored = true;
  registerSources(
    registry,
    () => sources,
    () => stored,
  );
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => /^b/.test(line));
  assert.deepEqual(await lines(), [
    'bailiff_source_reading{source="a"} 1',
    'bailiff_source_reading{source="b"} 0',
    'bailiff_source_lag_bytes{source="a"} 5',
    'bailiff_source_lag_bytes{source="b"} 0',
    'bailiff_source_last_line_timestamp_seconds{source="a"} 99.5',
    'bailiff_source_silent{source="a"} 1',
    'bailiff_source_silent{source="b"} 0',
    'bailiff_source_errors_total{source="a"} 2',
    'bailiff_source_errors_total{source="b"} 0',
    'bailiff_source_restarts_total{source="a"} 1',
    'bailiff_source_restarts_total{source="b"} 0',
    'bailiff_ledger_stored 1',
  ]);
  sources = [quiet];
  stored = false;
  assert.deepEqual(
    (await lines()).filter((line) => /"a"|stored/.test(line)),
    ['bailiff_ledger_stored 0'],
  );
});
