import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds: from a tenth of a millisecond to ten seconds. */
const latencyBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10];

export interface MetricsOptions {
  readonly version: string;
  /** Asked when metrics are read. */
  readonly activeBans: () => Iterable<readonly [jail: string, count: number]>;
  readonly tracked: () => Iterable<readonly [jail: string, count: number]>;
  readonly evicted: () => Iterable<readonly [jail: string, count: number]>;
  /** 1 enforcing, 0 not. */
  readonly enforcing: () => number;
  readonly hooks: () => readonly HookState[];
  readonly dropped: () => readonly HookDrops[];
  readonly ineffective: () => number;
  /** Sources whose times are constantly off the clock, and by how many seconds they are behind. */
  readonly skews?: () => Iterable<readonly [source: string, seconds: number]>;
  /** Containers of which labels are not heeded, and how many of each. */
  readonly labelErrors?: () => Iterable<readonly [container: string, count: number]>;
}

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

/** Everything Bailiff counts, in Prometheus' form. */
export class Metrics {
  readonly registry = new Registry();
  readonly lines: Counter<'source'>;
  readonly bytes: Counter<'source'>;
  readonly oversizeLines: Counter<'source'>;
  readonly gaps: Counter<'source'>;
  readonly droppedLines: Counter<'source'>;
  readonly hits: Counter<'jail'>;
  readonly protectedHits: Counter<'jail'>;
  readonly staleHits: Counter<'jail'>;
  readonly bans: Counter<'jail'>;
  readonly unbans: Counter<'jail' | 'reason'>;
  readonly actionLatency: Histogram<'backend'>;
  readonly readToKernel: Histogram;
  readonly actionFailures: Counter<'backend'>;
  readonly repairs: Counter;
  readonly scannerRestarts: Counter;
  readonly expressionTimeouts: Counter<'filter' | 'expression'>;

  constructor(options: MetricsOptions) {
    const registers = [this.registry];
    const counter = <Label extends string>(
      name: string,
      help: string,
      ...labelNames: Label[]
    ): Counter<Label> => new Counter({ name: `bailiff_${name}`, help, labelNames, registers });
    // The lag of the event loop is sampled; a hundred times a second, as is usual, is most of what an idle daemon costs.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 250 });
    this.lines = counter('lines_total', 'Log lines judged.', 'source');
    this.bytes = counter('bytes_total', 'Log bytes judged.', 'source');
    this.oversizeLines = counter(
      'oversize_lines_total',
      'Lines longer than the line cap; their rest was skipped.',
      'source',
    );
    this.gaps = counter('gaps_total', 'Times that lines of a log were lost, or may have been.', 'source');
    this.droppedLines = counter(
      'dropped_lines_total',
      'Lines that were received faster than they could be judged, and are lost.',
      'source',
    );
    this.hits = counter('hits_total', 'Attempts that jails counted.', 'jail');
    this.protectedHits = counter(
      'protected_hits_total',
      'Attempts by addresses that are never banned.',
      'jail',
    );
    this.staleHits = counter(
      'stale_hits_total',
      'Attempts older than findtime, which never ban. Many of fresh lines: a clock or a time zone is wrong.',
      'jail',
    );
    this.bans = counter('bans_total', 'Bans, by hand included.', 'jail');
    this.unbans = counter('unbans_total', 'Bans that ended, by reason.', 'jail', 'reason');
    this.actionFailures = counter(
      'action_failures_total',
      'Changes that the packet filter refused.',
      'backend',
    );
    this.repairs = counter('repairs_total', 'Repairs of rules or sets that somebody else had changed.');
    this.scannerRestarts = counter('scanner_restarts_total', 'Restarts of scanning threads.');
    this.expressionTimeouts = counter(
      'expression_timeouts_total',
      'Lines that an expression was taken not to match, since it did not come to an end on them.',
      'filter',
      'expression',
    );
    this.actionLatency = new Histogram({
      name: 'bailiff_action_latency_seconds',
      help: 'From sending a batch of changes to its acknowledgement by the packet filter.',
      labelNames: ['backend'],
      buckets: latencyBuckets,
      registers,
    });
    this.readToKernel = new Histogram({
      name: 'bailiff_read_to_kernel_seconds',
      help: 'From reading the line that brought the ban to the packet filter having it.',
      buckets: latencyBuckets,
      registers,
    });
    registerGauges(options, registers);
    registerEnforcement(options, registers);
  }
}

function registerGauges(options: MetricsOptions, registers: Registry[]): void {
  const perJail = (name: string, help: string, values: () => Iterable<readonly [string, number]>): void => {
    new Gauge({
      name: `bailiff_${name}`,
      help,
      labelNames: ['jail'],
      registers,
      collect() {
        this.reset();
        for (const [jail, count] of values()) this.set({ jail }, count);
      },
    });
  };
  perJail('active_bans', 'Bans that stand now.', options.activeBans);
  perJail('tracked_addresses', 'Addresses that a jail counts.', options.tracked);
  perJail('evicted_addresses', 'Addresses that had to be forgotten because of max-tracked.', options.evicted);
  new Gauge({
    name: 'bailiff_source_skew_seconds',
    help: 'By how much the times in the lines of a source constantly are behind the clock. Absent: not at all.',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset();
      for (const [source, seconds] of options.skews?.() ?? []) this.set({ source }, seconds);
    },
  });
  new Gauge({
    name: 'bailiff_label_errors',
    help: 'Labels of a container that are not heeded. Absent: all are.',
    labelNames: ['container'],
    registers,
    collect() {
      this.reset();
      for (const [container, count] of options.labelErrors?.() ?? []) this.set({ container }, count);
    },
  });
  new Gauge({
    name: 'bailiff_enforcing',
    help: '1: bans are dropped by the kernel. 0: they are not (dry run, or degraded).',
    registers,
    collect() {
      this.set(options.enforcing());
    },
  });
  new Gauge({
    name: 'bailiff_build_info',
    help: 'Always 1; the version stands in the labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: options.version, node: process.versions.node }, 1);
}

/** What the kernel was read to hold, per hook and family, and what it has taken. */
function registerEnforcement(options: MetricsOptions, registers: Registry[]): void {
  const labelNames = ['hook', 'family'] as const;
  const perHook = (name: string, help: string, state: (hook: HookState) => boolean): void => {
    new Gauge({
      name: `bailiff_enforcement_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const hook of options.hooks()) {
          this.set({ hook: hook.name, family: `ipv${hook.family}` }, Number(state(hook)));
        }
      },
    });
  };
  perHook('in_place', '1: our rules were read back as they must be. 0: they are not there.', ({ ok }) => ok);
  perHook(
    'verified',
    '1: a packet of a banned address was seen to be dropped there. 0: not proved, or there is no way to.',
    ({ verified }) => verified,
  );
  const perDrop = (name: string, help: string, count: (drops: HookDrops) => number): void => {
    new Counter({
      name: `bailiff_dropped_${name}_total`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const drops of options.dropped()) {
          this.inc({ hook: drops.hook, family: `ipv${drops.family}` }, count(drops));
        }
      },
    });
  };
  perDrop('packets', 'Packets that our rules dropped or rejected.', ({ packets }) => packets);
  perDrop('bytes', 'Bytes of packets that our rules dropped or rejected.', ({ bytes }) => bytes);
  new Gauge({
    name: 'bailiff_ineffective_bans',
    help: 'Bans that stand in the kernel and whose addresses go on producing hits.',
    registers,
    collect() {
      this.set(options.ineffective());
    },
  });
}
