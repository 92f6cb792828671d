import { Counter, Histogram } from 'prom-client';
import { openSeries, type Series } from './exposition.ts';
import { SourceCounters } from './source-counters.ts';

/** Seconds: from a tenth of a millisecond to ten seconds. */
const latencyBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10];
/** Seconds: many logs give their times in whole ones, and some are read late. */
const delayBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800];

/** An exemplar's names and values together have so many characters at most (OpenMetrics 1.0). */
const longestExemplar = 128;

const operations = ['add', 'delete', 'mixed', 'reconcile'];
const reasons = ['expired', 'manual', 'protected'];
const repairKinds = ['rule-missing', 'rule-displaced', 'element-missing', 'element-surplus'];

/** What happens, counted as it does. What is so now is read when metrics are: see the other files. */
export class Metrics {
  readonly series: Series = openSeries();
  readonly sources = new SourceCounters(this.series);
  readonly hits: Counter<'jail'>;
  readonly protectedHits: Counter<'jail'>;
  readonly staleHits: Counter<'jail'>;
  readonly futureHits: Counter<'jail'>;
  readonly bans: Counter<'jail'>;
  readonly unbans: Counter<'jail' | 'reason'>;
  readonly actionLatency: Histogram<'backend' | 'operation'>;
  readonly actionFailures: Counter<'backend' | 'operation'>;
  readonly repairs: Counter<'kind'>;
  readonly checkpoints: Histogram;
  readonly checkpointFailures: Counter;
  readonly clockSteps: Counter<'direction'>;
  readonly scannerRestarts: Counter;
  readonly expressionTimeouts: Counter<'filter' | 'expression'>;
  readonly #readToKernel: Histogram;
  readonly #detectionDelay: Histogram;

  constructor() {
    const registers = [this.series];
    const counter = <Label extends string>(
      name: string,
      help: string,
      ...labelNames: Label[]
    ): Counter<Label> => new Counter({ name: `bailiff_${name}`, help, labelNames, registers });
    this.hits = counter('hits_total', 'Attempts that jails counted.', 'jail');
    this.protectedHits = counter(
      'protected_hits_total',
      'Attempts that were passed over, since their address is never banned.',
      'jail',
    );
    this.staleHits = counter(
      'stale_hits_total',
      'Attempts older than findtime, which never ban. Many of fresh lines: a clock or a time zone is wrong.',
      'jail',
    );
    this.futureHits = counter(
      'future_hits_total',
      'Attempts whose time lies more than a minute ahead of the clock; they count as of now. A clock or a time zone is wrong.',
      'jail',
    );
    this.bans = counter('bans_total', 'Bans, by hand included.', 'jail');
    this.unbans = counter('unbans_total', 'Bans that ended, by reason.', 'jail', 'reason');
    this.actionFailures = counter(
      'action_failures_total',
      'Changes that the packet filter refused, and looks at it after which not everything was in place.',
      'backend',
      'operation',
    );
    this.repairs = counter(
      'repairs_total',
      'Repairs of rules or sets that somebody else had changed, by what was wrong.',
      'kind',
    );
    this.checkpointFailures = counter('checkpoint_failures_total', 'Transactions that could not be stored.');
    this.clockSteps = counter(
      'clock_steps_total',
      "Steps of this machine's clock by more than a second.",
      'direction',
    );
    this.scannerRestarts = counter('scanner_restarts_total', 'Restarts of scanning threads.');
    this.expressionTimeouts = counter(
      'expression_timeouts_total',
      'Lines that an expression was taken not to match, since it did not come to an end on them.',
      'filter',
      'expression',
    );
    this.actionLatency = new Histogram({
      name: 'bailiff_action_latency_seconds',
      help: 'From sending a batch of changes to its acknowledgement by the packet filter; reconcile: a look at it, with repairs.',
      labelNames: ['backend', 'operation'],
      buckets: latencyBuckets,
      registers,
    });
    this.checkpoints = new Histogram({
      name: 'bailiff_checkpoint_duration_seconds',
      help: 'What storing bans, counts and positions in one transaction takes.',
      buckets: latencyBuckets,
      registers,
    });
    this.#readToKernel = new Histogram({
      name: 'bailiff_read_to_kernel_seconds',
      help: 'From reading the line that brought the ban to the packet filter having it.',
      buckets: latencyBuckets,
      registers,
      enableExemplars: true,
    });
    this.#detectionDelay = new Histogram({
      name: 'bailiff_detection_delay_seconds',
      help: 'From the time in the line that brought a ban to the decision. Many logs have whole seconds only.',
      buckets: delayBuckets,
      registers,
      enableExemplars: true,
    });
    // What is counted for the first time would otherwise be no increase to Prometheus.
    for (const kind of repairKinds) this.repairs.inc({ kind }, 0);
    for (const direction of ['back', 'forward']) this.clockSteps.inc({ direction }, 0);
  }

  /** This packet filter enforces, and may fail to. */
  begunBackend(backend: string): void {
    for (const operation of operations) this.actionFailures.inc({ backend, operation }, 0);
  }

  /** A line of `time` led to a ban at `now`; both in seconds since the epoch. */
  decided(ban: Whom, time: number, now: number): void {
    this.#detectionDelay.observe({ value: Math.max(0, now - time), exemplarLabels: exemplarOf(ban) });
  }

  /** The packet filter has a ban, so many seconds after its line was read. */
  inKernel(ban: Whom, seconds: number): void {
    this.#readToKernel.observe({ value: Math.max(0, seconds), exemplarLabels: exemplarOf(ban) });
  }

  /** Each jail has its series from the start, for the same reason. */
  begunJail(jail: string): void {
    for (const counter of this.#ofJail()) counter.inc({ jail }, 0);
    for (const reason of reasons) this.unbans.inc({ jail, reason }, 0);
  }

  /** The jail is gone, and its series with it. */
  forgetJail(jail: string): void {
    for (const counter of this.#ofJail()) counter.remove({ jail });
    for (const reason of reasons) this.unbans.remove({ jail, reason });
  }

  #ofJail(): Counter<'jail'>[] {
    return [this.hits, this.protectedHits, this.staleHits, this.futureHits, this.bans];
  }
}

interface Whom {
  readonly jail: string;
  readonly address: string;
}

/** Leads from a slow ban to `bailiff why`. */
function exemplarOf({ jail, address }: Whom): Record<string, string> {
  const long = 'jailaddress'.length + jail.length + address.length > longestExemplar;
  return long ? { address } : { jail, address };
}
