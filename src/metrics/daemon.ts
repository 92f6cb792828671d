import { Gauge } from 'prom-client';
import type { Series } from './exposition.ts';
import { readGauge } from './gauges.ts';

export interface DaemonReaders {
  readonly version: string;
  /** Whether everything that should hold holds, and how much else the owner should know. */
  readonly health: () => { readonly ready: boolean; readonly warnings: readonly string[] };
  /** Whether bans and counts can be stored. */
  readonly stored: () => boolean;
  /** Sizes in bytes; null: not known, as of a database in memory. */
  readonly databaseSize: () => Promise<number | null>;
  readonly diskFree: () => Promise<number | null>;
  readonly diskSize: () => Promise<number | null>;
}

/** What is read when metrics are: the daemon as a whole, its database and the disk below it. */
export function registerDaemon(series: Series, readers: DaemonReaders): void {
  const { version, health, stored, databaseSize, diskFree, diskSize } = readers;
  new Gauge({
    name: 'bailiff_build_info',
    help: 'Always 1; the version stands in the labels.',
    labelNames: ['version', 'node'],
    registers: [series],
  }).set({ version, node: process.versions.node }, 1);
  readGauge(
    series,
    'bailiff_ready',
    '1: everything that should hold holds. 0: status says what does not.',
    () => Number(health().ready),
  );
  readGauge(
    series,
    'bailiff_warnings',
    'What the owner should know though everything that should hold holds: so many lines of status.',
    () => health().warnings.length,
  );
  readGauge(
    series,
    'bailiff_ledger_stored',
    '1: bans and counts are stored. 0: they cannot be, and a restart would forget the newest.',
    () => Number(stored()),
  );
  readGauge(
    series,
    'bailiff_database_size_bytes',
    'Size of the database of bans, with its log.',
    databaseSize,
  );
  readGauge(
    series,
    'bailiff_state_disk_free_bytes',
    'What is free of the file system of the database.',
    diskFree,
  );
  readGauge(series, 'bailiff_state_disk_size_bytes', 'Size of the file system of the database.', diskSize);
}
