import { countedAddress } from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { readBatch } from '../core/batch.ts';
import { formatDuration } from '../core/duration.ts';
import { messageLine } from '../core/errors.ts';
import { targetOf } from '../core/policy.ts';
import type { Sessions } from '../core/session.ts';
import type { Attempt } from '../core/session-merger.ts';
import type { Ban, Clock, MatchBatch } from '../core/types.ts';
import { wallClockMs } from '../core/wall-clock.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Ineffective } from './ineffective.ts';
import type { ScannedSource } from './intake.ts';
import type { JailEntry } from './jails.ts';
import type { Log } from './log.ts';

/** While nothing can be stored it is tried again after this time (ms), or after so many times what trying took. */
const retryMs = 500;
const retryCosts = 20;

export interface PipelineParts {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly allowlist: Allowlist;
  readonly ledger: Ledger;
  readonly enforcer: Enforcer;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly ineffective: Ineffective;
  /** Called when attempts came in, before they are judged. */
  readonly attempted: () => void;
  /** Called when bans were added. */
  readonly banned: (bans: readonly Ban[]) => void;
}

/** From matches to bans: the one way a log line reaches the ledger and the kernel. */
export class Pipeline {
  readonly #parts: PipelineParts;
  #ledgerProblem: string | null = null;
  #retryAtMs = 0;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Why the ledger cannot be written, or null. Protection goes on without it, but a restart would forget. */
  get ledgerProblem(): string | null {
    return this.#ledgerProblem;
  }

  /** Judges one batch. The ban is stored before the kernel is told; both before the next batch. */
  judge(batch: MatchBatch, source: ScannedSource): void {
    const { ledger, sessions } = this.#parts;
    const decided: Ban[] = [];
    try {
      for (const match of readBatch(batch)) {
        const attempt = sessions.merge(`${source.cursorKey}\n${source.filters[match.filter]}`, match);
        if (attempt === null) continue;
        this.#parts.attempted();
        for (const jail of source.jailsOf(match.filter)) {
          const banned = this.#judgeAttempt(jail, attempt, source);
          if (banned !== null) decided.push(banned);
        }
      }
    } finally {
      // Also after a fault: what was counted before it must not be counted again.
      // Without any place stored, a restart would not know what came after it.
      const isFirst = ledger.cursor(source.cursorKey) === null;
      ledger.moveCursor(source.cursorKey, batch.cursor);
      if (isFirst || decided.length > 0) this.commit();
      if (decided.length > 0) {
        this.#enforce(decided, batch.readAtMs);
        this.#parts.banned(decided);
      }
    }
  }

  /**
   * Stores what waits: at once for a verdict and for the first place in a log, else by a timer. Returns whether it
   * could. While it cannot, a flood of verdicts does not try at each of them; `last`: there is no later.
   */
  commit(last = false): boolean {
    const started = performance.now();
    if (this.#ledgerProblem !== null && started < this.#retryAtMs && !last) return false;
    const { ledger, log } = this.#parts;
    const damages = ledger.damages.length;
    try {
      ledger.commit();
      for (const damage of ledger.damages.slice(damages)) log.error({ damage }, 'another database is begun');
      if (this.#ledgerProblem !== null) log.info('bans are stored again');
      this.#ledgerProblem = null;
      return true;
    } catch (error) {
      const problem = messageLine(error);
      if (this.#ledgerProblem === null) log.error({ error: problem }, 'ledger cannot be written');
      this.#ledgerProblem = problem;
      this.#retryAtMs = started + Math.max(retryMs, retryCosts * (performance.now() - started));
      return false;
    }
  }

  /** Counts one attempt in one jail. Returns the ban if it led to one. */
  #judgeAttempt(entry: JailEntry, attempt: Attempt, source: ScannedSource): Ban | null {
    const { allowlist, clock, ledger, metrics, log } = this.#parts;
    const { jail } = entry;
    const { name, maxretry, findtime, bantime } = jail.limits;
    const protection = allowlist.protection(attempt.host, jail.allow);
    if (protection !== null) {
      metrics.protectedHits.inc({ jail: name });
      source.protectedHit(attempt.host, protection);
      return null;
    }
    // The /64 of an attacker is banned whole, unless it is also the owner's.
    const wide = countedAddress(attempt.host);
    const address = allowlist.reason(wide, jail.allow) === null ? wide : attempt.host;
    const standing = ledger.active.get(name, address);
    if (standing !== undefined) {
      // Read before the ban took hold: one burst is one ban. Later ones tell that it keeps nobody out.
      this.#countHits(entry, attempt.attempts);
      this.#parts.ineffective.hit(standing, source.id, attempt.time);
      log.debug({ jail: name, address }, 'hit while banned');
      return null;
    }
    const judgement = jail.judge(address, attempt.time, attempt.attempts, clock.now());
    if (judgement.verdict === 'stale') {
      metrics.staleHits.inc({ jail: name });
      return null;
    }
    const { count, time, verdict } = judgement;
    this.#countHits(entry, attempt.attempts);
    ledger.counted({ jail: name, address, time, attempts: attempt.attempts });
    log.info({ jail: name, address, count, maxretry, findtime }, 'hit');
    if (verdict !== 'ban') return null;
    const { policy } = entry;
    const outcome = ledger.ban({ address, jail: name, bantime, hits: count, policy, allow: jail.allow });
    if (outcome.outcome === 'protected')
      log.warn({ jail: name, address, reason: outcome.reason }, 'not banned');
    if (outcome.outcome !== 'banned') return null;
    entry.bans++;
    metrics.bans.inc({ jail: name });
    log.warn({ jail: name, address, hits: count, duration: formatDuration(bantime), policy }, 'ban');
    return outcome.ban;
  }

  #countHits(entry: JailEntry, attempts: number): void {
    entry.hits += attempts;
    this.#parts.metrics.hits.inc({ jail: entry.jail.limits.name }, attempts);
  }

  #enforce(bans: readonly Ban[], readAtMs: number): void {
    for (const { address, policy } of bans) {
      this.#parts.enforcer.changed(targetOf(address, policy)).then(
        () => {
          this.#parts.metrics.readToKernel.observe(Math.max(0, wallClockMs() - readAtMs) / 1000);
        },
        // The enforcer has said what failed, and repairs it by itself.
        () => undefined,
      );
    }
  }
}
