/** Lines that are so old (seconds) when they are read, for so long, are more than a moment's flood. */
const old = 60;
const patience = 30;
/** Where nothing has come for so long (seconds), nothing more was waiting. */
const pause = 10;

/**
 * How old a source's lines are when they are read, where what brings them says when they were written: how far behind it is,
 * also where nobody can tell how many bytes are still to come. Times in seconds, of a clock that is never set.
 */
export class LineAge {
  #age: number | null = null;
  #readAt = 0;
  #oldSince: number | null = null;

  /** The last line of a chunk was so old. */
  note(age: number, now: number): void {
    const goesOn = this.#age !== null && now - this.#readAt < pause;
    this.#age = age;
    this.#readAt = now;
    if (age < old) this.#oldSince = null;
    else if (!goesOn) this.#oldSince = now;
    else this.#oldSince ??= now;
  }

  /** By how much it is behind; null: nothing tells. `waiting`: what came is not judged yet. */
  behind(now: number, waiting: boolean): number | null {
    if (this.#age === null) return null;
    return waiting || now - this.#readAt < pause ? this.#age : 0;
  }

  /** Since when its lines are old, where that has lasted; else null. */
  oldSince(now: number, waiting: boolean): number | null {
    const behind = this.behind(now, waiting) ?? 0;
    const since = behind < old ? null : this.#oldSince;
    return since === null || now - since < patience ? null : since;
  }
}
