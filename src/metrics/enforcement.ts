import type { Series } from './exposition.ts';
import { ReadSeries, readGauge } from './gauges.ts';

export interface HookState {
  readonly name: string;
  readonly family: 4 | 6;
  readonly ok: boolean;
  readonly verified: boolean;
}

export interface HookDrops {
  readonly hook: string;
  readonly family: 4 | 6;
  readonly packets: number;
  readonly bytes: number;
}

export interface EnforcementState {
  readonly backend: string;
  readonly state: 'enforcing' | 'partial' | 'dry-run' | 'degraded';
  readonly hooks: readonly HookState[];
  readonly dropped: readonly HookDrops[];
  /** Addresses and ranges in the kernel's sets. */
  readonly elements: number;
  /** When the kernel was last read and put right, in seconds since the epoch; null: never. */
  readonly lastReconcile: number | null;
}

const states = ['enforcing', 'partial', 'dry-run', 'degraded'] as const;

export interface EnforcementReaders {
  readonly enforcement: () => EnforcementState;
  /** Whether the configuration asks for a packet filter. */
  readonly expected: boolean;
  /** Bans that keep nobody out. */
  readonly ineffective: () => number;
}

/** What the kernel was read to hold, per hook and family, and what it has taken. */
export function registerEnforcement(
  series: Series,
  { enforcement, expected, ineffective }: EnforcementReaders,
): void {
  readGauge(
    series,
    'bailiff_enforcing',
    '1: bans are dropped by the kernel. 0: they are not (dry run, or degraded).',
    () => Number(enforcement().state === 'enforcing'),
  );
  readGauge(
    series,
    'bailiff_enforcement_expected',
    '1: the configuration asks for a packet filter. 0: it asks for less (dry-run, hosts-deny).',
    () => Number(expected),
  );
  new ReadSeries(series, 'bailiff_', ['backend', 'state']).gauge(
    'enforcement_state',
    '1: this is the state of enforcement. 0: it is another one.',
    () => {
      const { backend, state } = enforcement();
      return states.map((each) => [{ backend, state: each }, Number(each === state)] as const);
    },
  );
  const perHook = new ReadSeries(series, 'bailiff_', ['hook', 'family']);
  const ofHooks = (holds: (hook: HookState) => boolean) => () =>
    enforcement().hooks.map(
      (hook) => [{ hook: hook.name, family: `ipv${hook.family}` }, Number(holds(hook))] as const,
    );
  perHook.gauge(
    'enforcement_in_place',
    '1: our rules were read back as they must be. 0: they are not there.',
    ofHooks(({ ok }) => ok),
  );
  perHook.gauge(
    'enforcement_verified',
    '1: a packet of a banned address was seen to be dropped there. 0: not proved, or there is no way to.',
    ofHooks(({ verified }) => verified),
  );
  const ofDrops = (count: (drops: HookDrops) => number) => () =>
    enforcement().dropped.map(
      (drops) => [{ hook: drops.hook, family: `ipv${drops.family}` }, count(drops)] as const,
    );
  perHook.counter(
    'dropped_packets_total',
    'Packets that our rules dropped or rejected; read about twice a minute.',
    ofDrops(({ packets }) => packets),
  );
  perHook.counter(
    'dropped_bytes_total',
    'Bytes of packets that our rules dropped or rejected; read about twice a minute.',
    ofDrops(({ bytes }) => bytes),
  );
  readGauge(
    series,
    'bailiff_kernel_elements',
    "Addresses and ranges in the kernel's sets.",
    () => enforcement().elements,
  );
  readGauge(
    series,
    'bailiff_last_reconcile_timestamp_seconds',
    'When the packet filter was last looked at, and was right or put right; absent: never.',
    () => enforcement().lastReconcile,
  );
  readGauge(
    series,
    'bailiff_ineffective_bans',
    'Bans that stand in the kernel and whose addresses go on producing hits.',
    ineffective,
  );
}
