import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** MB that may be held more at the end than after the first tenth. */
const mostGrowth = 24;

/** Seconds of CPU time for one call: far above what any takes, far below an expression that explodes. */
const longestCall = 10;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Watches that no call stalls and that nothing piles up. */
export class Bounds {
  readonly #rounds: number;
  #heldMb = 0;
  #longest = 0;

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  /** Runs one call. */
  run<T>(call: () => T): T {
    const before = process.cpuUsage();
    const result = call();
    const { user, system } = process.cpuUsage(before);
    this.#longest = Math.max(this.#longest, (user + system) / 1e6);
    return result;
  }

  /** After each round, counted from 1. */
  round(number: number): void {
    if (number === Math.ceil(this.#rounds / 10)) this.#heldMb = heldMb();
  }

  /** Says what was measured. @throws AssertionError */
  finish(): string {
    const growth = heldMb() - this.#heldMb;
    assert.ok(this.#longest < longestCall, `one call took ${this.#longest.toFixed(1)} s of CPU time`);
    assert.ok(growth < mostGrowth, `${growth.toFixed(1)} MB more are held than after a tenth of the rounds`);
    return `longest call ${(this.#longest * 1_000).toFixed(0)} ms, held memory ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MB`;
  }
}

/** Buffers are given back only after what held them was collected. */
function heldMb(): number {
  for (let time = 0; time < 3; time += 1) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
