import { BailiffError, messageOf } from '../core/errors.ts';
import type { Address } from '../core/types.ts';
import type { Change, Hook } from './backend.ts';
import { changeFor, type Desired, difference } from './difference.ts';
import type { EnforcerOptions, EnforcerStatus, ReconcileReport } from './enforcement.ts';
import { Pace, schedule } from './pace.ts';

export type { EnforcerEvents, EnforcerOptions, EnforcerStatus, ReconcileReport } from './enforcement.ts';

/**
 * Keeps the packet filter what the ledger says. Everything goes through one queue, so that no
 * reconciliation undoes a ban that was made while it read the kernel. The first change goes at once;
 * those that come while a batch is in flight form the next one together.
 */
export class Enforcer {
  readonly #options: EnforcerOptions;
  readonly #pace: Pace;
  readonly #refused = new Set<Address>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting: { readonly addresses: Set<Address>; readonly acknowledged: Promise<void> } | null = null;
  #hooks: readonly Hook[] = [];
  #elements = 0;
  #lastReconcile: number | null = null;
  #problem = 'not started';
  #stopped = false;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    this.#pace = new Pace(options.intervalMs ?? 5_000, options.schedule ?? schedule, () => this.#tick());
  }

  /** Installs and reconciles, then goes on doing so. Never rejects: what the kernel refuses shows in status and is retried. */
  async start(): Promise<void> {
    await this.#tick();
  }

  /**
   * The ledger has changed for this address. Resolves when the kernel has acknowledged a batch that
   * holds it. Rejects when it did not, also after a repair; the change is not lost then, since every
   * later reconciliation brings it. A promise that nobody waits for does no harm.
   * @throws BailiffError enforcement-failed
   */
  changed(address: Address): Promise<void> {
    this.#waiting ??= this.#openBatch();
    this.#waiting.addresses.add(address);
    return this.#waiting.acknowledged;
  }

  /** Compares everything with the kernel and puts it right. @throws BailiffError enforcement-failed */
  reconcile(): Promise<ReconcileReport> {
    return this.#enqueue(() => this.#reconcileNow());
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
      elements: this.#elements,
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
    await this.#queue;
  }

  async #tick(): Promise<void> {
    await this.reconcile().catch(() => undefined);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#stopped ? refuseStopped() : this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #openBatch(): { addresses: Set<Address>; acknowledged: Promise<void> } {
    const addresses = new Set<Address>();
    const acknowledged = this.#enqueue(async () => {
      this.#waiting = null;
      return this.#applyBatch(addresses);
    });
    return { addresses, acknowledged };
  }

  /**
   * A batch that failed is followed by a reconciliation at once, which brings the batch as well; not
   * while reconciling itself fails, as then each ban of a flood would try in vain.
   */
  async #applyBatch(addresses: ReadonlySet<Address>): Promise<void> {
    const desired = this.#options.desired();
    const now = this.#options.clock.now();
    const changes = [...addresses].map((address) => {
      const change = changeFor(address, desired.get(address), now);
      return this.#mayAdd(change) ? change : ({ kind: 'delete', address } as const);
    });
    try {
      await this.#apply(changes);
    } catch (error) {
      this.#options.events.failed(error);
      if (this.#problem !== '') throw error;
      await this.#reconcileNow();
    }
  }

  async #reconcileNow(): Promise<ReconcileReport> {
    const started = performance.now();
    try {
      const first = this.#lastReconcile === null;
      this.#hooks = await this.#options.backend.install();
      const changes = await this.#compare(first);
      await this.#apply(changes);
      this.#succeeded(performance.now() - started);
      if (!first) this.#reportRepairs(changes);
      return { hooks: this.#hooks, ...count(changes), seconds: (performance.now() - started) / 1000 };
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  async #compare(first: boolean): Promise<Change[]> {
    const actual = await this.#options.backend.list();
    const desired = this.#options.desired();
    this.#elements = actual.length;
    // Once at start every address is checked; later only those that are about to be added, as it costs time.
    const truth = first ? this.#allowed(desired) : desired;
    return difference(truth, actual, this.#options.clock.now()).filter((change) => this.#mayAdd(change));
  }

  #allowed(desired: Desired): Desired {
    return new Map(
      [...desired].filter(([address]) => this.#mayAdd({ kind: 'add', address, remaining: null })),
    );
  }

  #mayAdd(change: Change): boolean {
    if (change.kind === 'delete') return true;
    const reason = this.#options.protectedReason(change.address);
    if (reason === null) {
      this.#refused.delete(change.address);
      return true;
    }
    // Said once: the ledger goes on to desire it.
    if (!this.#refused.has(change.address)) this.#options.events.refused(change.address, reason);
    this.#refused.add(change.address);
    return false;
  }

  async #apply(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const started = performance.now();
    await this.#options.backend.apply(changes);
    const { adds, deletes } = count(changes);
    this.#elements = Math.max(0, this.#elements + adds - deletes);
    this.#options.events.applied(adds, deletes, (performance.now() - started) / 1000);
  }

  #reportRepairs(changes: readonly Change[]): void {
    const hooks = this.#hooks.filter(({ repaired }) => repaired === true);
    if (hooks.length > 0) this.#options.events.repaired(`rules: ${hooks.map(nameHook).join(', ')}`);
    // What waits for the next batch is news and no repair.
    const drift = count(changes.filter(({ address }) => this.#waiting?.addresses.has(address) !== true));
    if (drift.adds + drift.deletes === 0) return;
    this.#options.events.repaired(`elements: ${drift.adds} put right, ${drift.deletes} removed`);
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
  return Promise.reject(new BailiffError('enforcement-failed', 'the enforcer has been stopped'));
}

function count(changes: readonly Change[]): { adds: number; deletes: number } {
  const adds = changes.filter(({ kind }) => kind === 'add').length;
  return { adds, deletes: changes.length - adds };
}

function nameHook({ name, family }: Hook): string {
  return `${name} (IPv${family})`;
}

function describeHook(hook: Hook): string {
  return `${nameHook(hook)}: ${hook.problem ?? 'not in place'}`;
}
