import { BailiffError, messageOf } from '../core/errors.ts';
import { type Policy, type PolicyRule, splitTarget, type Target, unenforced } from '../core/policy.ts';
import { type Hook, hookKey } from './backend.ts';
import { Batches } from './batches.ts';
import type { Wanted } from './difference.ts';
import {
  type EnforcerOptions,
  type EnforcerStatus,
  operationOf,
  type ReconcileReport,
  type RepairKind,
  type VerifiedHook,
} from './enforcement.ts';
import { Lane } from './lane.ts';
import { Pace, schedule } from './pace.ts';
import { type ChangeCounts, noChanges, Projection } from './projection.ts';
import { Rivalry } from './rivalry.ts';
import { Verification } from './verification.ts';

export type { EnforcerEvents, EnforcerOptions, EnforcerStatus, ReconcileReport } from './enforcement.ts';

/** Between looks, in ms; with many bans each costs more. */
const intervalMs = 2_500;
const largeIntervalMs = 5_000;
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
  readonly #rivalry: Rivalry;
  readonly #verification: Verification;
  #hooks: readonly Hook[] = [];
  #installed: ReadonlySet<Policy> = new Set();
  #wanted: readonly PolicyRule[] = [];
  #lastReconcile: number | null = null;
  /** A batch failed since the last comparison began: its changes may be owed. */
  #owing = false;
  #problem = 'not started';
  #stopped = false;
  #restored: Iterable<Wanted> | null = null;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    this.#pace = new Pace(options.schedule ?? schedule, () => this.#tick());
    const monotonic = options.monotonic ?? { now: () => performance.now() / 1000 };
    this.#rivalry = new Rivalry(monotonic);
    this.#verification = new Verification(options.backend, monotonic, options.prove);
    this.#projection = new Projection(options, () => this.#verification.proving);
    this.#batches = new Batches(
      (targets) => this.#bring(targets),
      (error, targets) => this.#recover(error, targets),
    );
  }

  /**
   * Installs and reconciles, then goes on doing so. Never rejects: what the kernel refuses shows in status and
   * is retried. `restored` are the bans of an earlier run where `desired` gets them only as this is gone
   * through: so they reach the kernel while the rest is still being read. It is gone through to its end in any
   * case, so it must go on where it was left.
   */
  async start(restored: Iterable<Wanted> | null = null): Promise<void> {
    this.#restored = restored;
    // Until the sets are there a change would fail, so it waits.
    await this.#batches.hold(() => this.#tick());
    for (const _ of restored ?? []);
    await this.#verification.idle();
  }

  /** Something that matters may have changed (Docker, the rules, a policy's ports): look soon. */
  hint(): void {
    if (!this.#stopped) this.#pace.hint();
  }

  /**
   * The ledger has changed for this target. Resolves when the kernel has acknowledged a batch that
   * holds it. Rejects when it did not, also after a repair; the change is not lost then, since every
   * later reconciliation brings it. A promise that nobody waits for does no harm.
   * @throws BailiffError enforcement-failed
   */
  changed(target: Target): Promise<void> {
    if (splitTarget(target).policy === unenforced) return Promise.resolve();
    return this.#stopped ? refuseStopped() : this.#batches.add(target);
  }

  /** Compares everything with the kernel and puts it right. @throws BailiffError enforcement-failed */
  reconcile(): Promise<ReconcileReport> {
    return this.#reconcile(true);
  }

  status(): EnforcerStatus {
    const { backend } = this.#options;
    const hooks = this.#hooks.map((hook) => this.#judged(hook));
    const broken = hooks.filter(({ ok }) => !ok);
    const detail = this.#problem || broken.map(describeHook).join('; ');
    return {
      backend: backend.name,
      state: detail === '' || backend.strength === 'none' ? stateOf[backend.strength] : 'degraded',
      detail,
      hooks,
      dropped: backend.dropped?.() ?? [],
      remarks: [...(backend.remarks?.() ?? []), ...this.#verification.remarks()],
      elements: this.#projection.elements,
      lastReconcile: this.#lastReconcile,
    };
  }

  /** A hook with what the proof says of it, and why it is left alone. */
  #judged(hook: Hook): VerifiedHook {
    const truce = hook.ok ? null : this.#rivalry.describe(hookKey(hook));
    if (truce !== null) return { ...hook, problem: `${hook.problem}: ${truce}`, verified: false };
    return this.#verification.judge(hook);
  }

  /** Ends after what is queued. Rules and elements stay: a restart must not let anybody in. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pace.stop();
    await this.#batches.idle();
    await this.#rounds.idle();
    await this.#verification.idle();
    await this.#options.backend.close();
  }

  /** Ends for a teardown: whatever stands is taken away by the caller, and nothing puts it back. */
  async end(): Promise<void> {
    await this.stop();
    this.#problem = 'torn down';
    this.#hooks = [];
    this.#projection.forget();
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
  async #recover(error: unknown, targets: ReadonlySet<Target>): Promise<void> {
    this.#owing = true;
    const desired = this.#options.desired();
    const adds = [...targets].filter((target) => desired.has(target)).length;
    this.#options.events.failed(error, operationOf(adds, targets.size - adds));
    if (this.#problem !== '' || this.#stopped) throw error;
    await this.#reconcile(true);
  }

  /** A policy that is new, such as a label's, has its sets made first. */
  async #bring(targets: ReadonlySet<Target>): Promise<void> {
    const known = [...targets].every((target) => this.#installed.has(splitTarget(target).policy));
    if (!known) await this.#reconcile(false);
    await this.#projection.bring(targets);
  }

  /** Looks at the rules, and compares the elements where a count does not do. */
  async #look(full: boolean): Promise<ReconcileReport> {
    const started = performance.now();
    try {
      const first = this.#lastReconcile === null;
      const news = this.#batches.watch();
      let filled: ChangeCounts | null = null;
      await this.#install(async () => {
        filled = await this.#compare(news);
      });
      const sure = !full && !this.#owing && this.#problem === '';
      const untouched = this.#hooks.every(({ repaired }) => repaired === undefined);
      const right = filled !== null || (sure && untouched && (await this.#projection.seemsRight(news)));
      const looked = performance.now();
      if (!right) this.#owing = false;
      const changes = filled ?? (right ? noChanges : await this.#compare(news));
      const ended = performance.now();
      // A comparison of many comes seldom enough by itself; the rules are looked at no less often for it.
      this.#succeeded((this.#projection.large ? looked : ended) - started);
      if (!first) this.#reportRepairs(changes);
      const whole = this.#hooks.every(({ ok }) => ok);
      this.#options.events.reconciled?.((ended - started) / 1000, whole);
      if (!this.#stopped) this.#verification.follow(this.#hooks);
      return { hooks: this.#hooks, ...changes, seconds: (ended - started) / 1000 };
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#batches.unwatch();
    }
  }

  #compare(news: ReadonlySet<Target>): Promise<ChangeCounts> {
    const restored = this.#restored;
    this.#restored = null;
    return this.#projection.compare(news, restored ?? undefined);
  }

  /**
   * A policy that nobody wants any more keeps its rules and sets for one more look: until then its bans are
   * under the policies that took its place.
   */
  async #install(fill: () => Promise<void>): Promise<void> {
    const wanted = this.#options.policies();
    const names = new Set(wanted.map(({ policy }) => policy));
    const leaving = this.#wanted.filter(({ policy }) => !names.has(policy));
    const policies = [...wanted, ...leaving];
    const news = policies.some(({ policy }) => !this.#installed.has(policy));
    const { backend } = this.#options;
    this.#hooks = await backend.install(policies, this.#rivalry.yielded(), news ? fill : undefined);
    this.#wanted = [...wanted];
    this.#installed = new Set(policies.map(({ policy }) => policy));
    if (leaving.length > 0) this.#pace.hint();
    for (const hook of this.#hooks) if (hook.repaired === 'moved') this.#rivalry.moved(hookKey(hook));
  }

  #reportRepairs({ adds, deletes }: ChangeCounts): void {
    const hooks = this.#hooks.filter(({ repaired }) => repaired !== undefined);
    const { repaired } = this.#options.events;
    if (hooks.length > 0) repaired(`rules: ${hooks.map(hookKey).join(', ')}`, ruleKinds(hooks));
    if (adds + deletes > 0)
      repaired(`elements: ${adds} put right, ${deletes} removed`, elementKinds(adds, deletes));
  }

  #succeeded(tookMs: number): void {
    this.#problem = '';
    this.#lastReconcile = this.#options.clock.now();
    if (!this.#stopped) this.#pace.succeeded(tookMs, this.#projection.large ? largeIntervalMs : intervalMs);
  }

  #failed(error: unknown): void {
    this.#problem = messageOf(error);
    this.#options.events.failed(error, 'reconcile');
    if (!this.#stopped) this.#pace.failed();
  }
}

function refuseStopped(): Promise<never> {
  const refusal = Promise.reject(new BailiffError('enforcement-failed', 'the enforcer has been stopped'));
  refusal.catch(() => undefined);
  return refusal;
}

const stateOf = { full: 'enforcing', partial: 'partial', none: 'dry-run' } as const;

function ruleKinds(hooks: readonly Hook[]): RepairKind[] {
  return [
    ...new Set(hooks.map(({ repaired }) => (repaired === 'moved' ? 'rule-displaced' : 'rule-missing'))),
  ];
}

function elementKinds(adds: number, deletes: number): RepairKind[] {
  return [
    ...(adds > 0 ? (['element-missing'] as const) : []),
    ...(deletes > 0 ? (['element-surplus'] as const) : []),
  ];
}

function describeHook(hook: Hook): string {
  return `${hookKey(hook)}: ${hook.problem ?? 'not in place'}`;
}
