import { formatDuration } from '../core/duration.ts';
import type { Clock } from '../core/types.ts';

/** So many times within `window` (seconds) a jump is put back in its place. */
const mostMoves = 20;
const window = 180;
/** Then it is left where it is: at first for this long, in seconds, each time twice as long. */
const firstTruce = 60;
const longestTruce = 3_600;

interface Fight {
  moves: number[];
  truces: number;
  truceUntil: number;
}

/**
 * Another program that wants its rules first moves our jump each time that we have moved it back. That is
 * reported, not fought for ever: both would burn the machine, and no packet would be the safer for it.
 */
export class Rivalry {
  readonly #clock: Clock;
  readonly #fights = new Map<string, Fight>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The jump of this hook was put back in its place. */
  moved(hook: string): void {
    const now = this.#clock.now();
    const fight = this.#fights.get(hook) ?? { moves: [], truces: 0, truceUntil: 0 };
    this.#fights.set(hook, fight);
    if (now > fight.truceUntil + longestTruce) fight.truces = 0;
    fight.moves = [...fight.moves.filter((time) => time > now - window), now];
    if (fight.moves.length < mostMoves) return;
    fight.truceUntil = now + Math.min(longestTruce, firstTruce * 2 ** fight.truces);
    fight.truces += 1;
    fight.moves = [];
  }

  /** The hooks that are left alone for now. */
  yielded(): ReadonlySet<string> {
    const now = this.#clock.now();
    return new Set([...this.#fights].filter(([, { truceUntil }]) => truceUntil > now).map(([hook]) => hook));
  }

  /** What to tell the owner of a hook that is left alone; null where it is not. */
  describe(hook: string): string | null {
    const left = (this.#fights.get(hook)?.truceUntil ?? 0) - this.#clock.now();
    if (left <= 0) return null;
    return (
      `another program put itself before it ${mostMoves} times within ${formatDuration(window)}, so it is left there for ` +
      `${formatDuration(Math.ceil(left))}: have that program keep its rules behind ours, or stop it`
    );
  }
}
