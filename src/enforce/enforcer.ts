import { BailiffError, messageOf } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import type { Change, Hook } from './backend.ts';
import { Batches } from './batches.ts';
import type { EnforcerOptions, EnforcerStatus, ReconcileReport } from './enforcement.ts';
import { Lane } from './lane.ts';
import { Pace, schedule } from './pace.ts';
import { countChanges, Projection } from './projection.ts';

export type { EnforcerEvents, EnforcerOptions, EnforcerStatus, ReconcileReport } from './enforcement.ts';

/** A reconciliation that waits for its turn. `full`: a count does not do. */
interface Round {
  full: boolean;
  readonly done: Promise<ReconcileReport>;
}

/**
 * Keeps the packet filter what the ledger says. Bans and unbans go in batches and wait for nothing but
 * the batch before; reconciliations go on beside them. What changes while one reads the kernel is left
 * out of what it puts right, so it undoes no ban and no unban.
 */
export class Enforcer {
  readonly #options: EnforcerOptions;
  readonly #pace: Pace;
  readonly #projection: Projection;
  readonly #batches: Batches;
  readonly #rounds = new Lane();
  #nextRound: Round | null = null;
  #hooks: readonly Hook[] = [];
  #lastReconcile: number | null = null;
  /** A batch failed since the last comparison began: its changes may be owed. */
  #owing = false;
  #problem = 'not started';
  #stopped = false;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    this.#pace = new Pace(options.intervalMs ?? 5_000, options.schedule ?? schedule, () => this.#tick());
    this.#projection = new Projection(options);
    this.#batches = new Batches(
      (addresses) => this.#projection.bring(addresses),
      (error) => this.#recover(error),
    );
  }

  /** Installs and reconciles, then goes on doing so. Never rejects: what the kernel refuses shows in status and is retried. */
  async start(): Promise<void> {
    // Until the sets are there a change would fail, so it waits.
    await this.#batches.hold(() => this.#tick());
  }

  /**
   * The ledger has changed for this address. Resolves when the kernel has acknowledged a batch that
   * holds it. Rejects when it did not, also after a repair; the change is not lost then, since every
   * later reconciliation brings it. A promise that nobody waits for does no harm.
   * @throws BailiffError enforcement-failed
   */
  changed(address: Address): Promise<void> {
    return this.#stopped ? refuseStopped() : this.#batches.add(address);
  }

  /** Compares everything with the kernel and puts it right. @throws BailiffError enforcement-failed */
  reconcile(): Promise<ReconcileReport> {
    return this.#reconcile(true);
  }

  status(): EnforcerStatus {
    const { backend } = this.#options;
    const broken = this.#hooks.filter(({ ok }) => !ok);
    const detail = this.#problem || broken.map(describeHook).join('; ');
    return {
      backend: backend.name,
      state: backend.strength === 'none' ? 'dry-run' : detail === '' ? 'enforcing' : 'degraded',
      detail,
      hooks: this.#hooks,
      elements: this.#projection.elements,
      lastReconcile: this.#lastReconcile,
    };
  }

  /** Ends after what is queued. Rules and elements stay: a restart must not let anybody in. */
  async stop(): Promise<void> {
    await this.#end();
    await this.#options.backend.close();
  }

  /** Takes everything out of the kernel, and ends. @throws BailiffError enforcement-failed */
  async teardown(): Promise<void> {
    await this.#end();
    try {
      await this.#options.backend.uninstall();
    } finally {
      await this.#options.backend.close();
    }
  }

  async #end(): Promise<void> {
    this.#stopped = true;
    this.#pace.stop();
    await this.#batches.idle();
    await this.#rounds.idle();
  }

  async #tick(): Promise<void> {
    await this.#reconcile(false).catch(() => undefined);
  }

  /** Whoever asks while one waits to begin shares it. */
  #reconcile(full: boolean): Promise<ReconcileReport> {
    if (this.#stopped) return refuseStopped();
    this.#nextRound ??= this.#openRound();
    this.#nextRound.full ||= full;
    return this.#nextRound.done;
  }

  #openRound(): Round {
    const round: Round = {
      full: false,
      done: this.#rounds.run(() => {
        this.#nextRound = null;
        return this.#look(round.full);
      }),
    };
    return round;
  }

  /**
   * A batch that failed is followed by a full reconciliation, which brings the batch as well; not while
   * reconciling itself fails, as then each ban of a flood would try in vain.
   */
  async #recover(error: unknown): Promise<void> {
    this.#owing = true;
    this.#options.events.failed(error);
    if (this.#problem !== '' || this.#stopped) throw error;
    await this.#reconcile(true);
  }

  /** Looks at the rules, and compares the elements where a count does not do. */
  async #look(full: boolean): Promise<ReconcileReport> {
    const started = performance.now();
    try {
      const first = this.#lastReconcile === null;
      this.#hooks = await this.#options.backend.install();
      const news = this.#batches.watch();
      const sure = !full && !this.#owing && this.#problem === '';
      const right = sure && (await this.#projection.countsRight(news));
      const looked = performance.now();
      if (!right) this.#owing = false;
      const changes = right ? [] : await this.#projection.compare(news);
      const ended = performance.now();
      // A comparison of many comes seldom enough by itself; the rules are looked at no less often for it.
      this.#succeeded((this.#projection.large ? looked : ended) - started);
      if (!first) this.#reportRepairs(changes);
      return { hooks: this.#hooks, ...countChanges(changes), seconds: (ended - started) / 1000 };
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#batches.unwatch();
    }
  }

  #reportRepairs(changes: readonly Change[]): void {
    const hooks = this.#hooks.filter(({ repaired }) => repaired === true);
    if (hooks.length > 0) this.#options.events.repaired(`rules: ${hooks.map(nameHook).join(', ')}`);
    const { adds, deletes } = countChanges(changes);
    if (adds + deletes > 0) this.#options.events.repaired(`elements: ${adds} put right, ${deletes} removed`);
  }

  #succeeded(tookMs: number): void {
    this.#problem = '';
    this.#lastReconcile = this.#options.clock.now();
    if (!this.#stopped) this.#pace.succeeded(tookMs);
  }

  #failed(error: unknown): void {
    this.#problem = messageOf(error);
    this.#options.events.failed(error);
    if (!this.#stopped) this.#pace.failed();
  }
}

function refuseStopped(): Promise<never> {
  const refusal = Promise.reject(new BailiffError('enforcement-failed', 'the enforcer has been stopped'));
  refusal.catch(() => undefined);
  return refusal;
}

function nameHook({ name, family }: Hook): string {
  return `${name} (IPv${family})`;
}

function describeHook(hook: Hook): string {
  return `${nameHook(hook)}: ${hook.problem ?? 'not in place'}`;
}
