import { messageOf } from '../core/errors.ts';
import { plainPolicy } from '../core/policy.ts';
import type { Clock } from '../core/types.ts';
import type { Backend, Hook } from './backend.ts';
import type { VerifiedHook } from './enforcement.ts';
import { type Proof, proofAddress, provePath } from './proof.ts';

/** A proof holds for this long, in seconds. */
const proofAge = 60;
/** So often a packet must come through before that counts. */
const mostProofs = 3;
/** Should taking the proof's element out fail, the kernel does it after this long, in seconds. */
const proofTimeout = 10;

/** Proves the path of a banned packet now and then, and tells what that says of a hook. */
export class Verification {
  readonly #backend: Backend;
  readonly #monotonic: Clock;
  readonly #prove: () => Promise<Proof>;
  #running: Promise<void> = Promise.resolve();
  #last: { readonly outcome: Proof; readonly at: number } | null = null;
  #proving = false;

  constructor(backend: Backend, monotonic: Clock, prove: () => Promise<Proof> = provePath) {
    this.#backend = backend;
    this.#monotonic = monotonic;
    this.#prove = prove;
  }

  /** Whether the proof's element may stand in the kernel just now. */
  get proving(): boolean {
    return this.#proving;
  }

  /** Begins a proof where one is due, beside everything else: a repair must not wait for it. */
  follow(hooks: readonly Hook[]): void {
    if (this.#isDue(hooks)) this.#running = this.#run();
  }

  /** Resolves when no proof is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  judge(hook: Hook): VerifiedHook {
    const path = this.#proves(hook) ? this.#last?.outcome.path : undefined;
    if (!hook.ok || path !== 'open') return { ...hook, verified: hook.ok && path === 'shut' };
    const problem = 'the rules read back right, and yet a packet of a banned address came through';
    return { ...hook, ok: false, problem, verified: false };
  }

  /** Why no packet could prove anything, where one should. */
  remarks(): string[] {
    const outcome = this.#last?.outcome;
    if (outcome?.path !== 'unknown') return [];
    return [`that bans are enforced is read back and not verified: ${outcome.reason}`];
  }

  #proves({ name, family }: Hook): boolean {
    return name === this.#backend.provable && family === 4;
  }

  /** Not known yet, old, or of rules that were made anew since. */
  #isDue(hooks: readonly Hook[]): boolean {
    const hook = hooks.find((each) => this.#proves(each));
    if (hook?.ok !== true || this.#proving) return false;
    if (this.#last === null || hook.repaired !== undefined) return true;
    return this.#monotonic.now() - this.#last.at >= proofAge;
  }

  /** Bans the one address that is nobody's, and tries to get in from there. */
  async #run(): Promise<void> {
    this.#proving = true;
    try {
      const outcome = await this.#knock();
      this.#last = { outcome, at: this.#monotonic.now() };
      await this.#backend.apply([{ kind: 'delete', address: proofAddress, policy: plainPolicy }]);
    } catch (error) {
      this.#last = { outcome: { path: 'unknown', reason: messageOf(error) }, at: this.#monotonic.now() };
    } finally {
      this.#proving = false;
    }
  }

  async #knock(): Promise<Proof> {
    const element = { address: proofAddress, policy: plainPolicy, remaining: proofTimeout };
    for (let attempt = 1; ; attempt += 1) {
      await this.#backend.apply([{ kind: 'add', ...element }]);
      const outcome = await this.#prove();
      // Somebody may have emptied the set in this very moment: one open door is no proof.
      if (outcome.path !== 'open' || attempt === mostProofs) return outcome;
    }
  }
}
