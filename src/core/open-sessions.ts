interface Entry<Session> {
  readonly key: string;
  session: Session;
  older: Entry<Session> | null;
  newer: Entry<Session> | null;
}

/**
 * The sessions of one scope, in the order in which they were last kept. A Map alone would have the order, too, but looks
 * at each that was deleted, on the way to the oldest.
 */
export class OpenSessions<Session> implements Iterable<readonly [key: string, session: Session]> {
  readonly #byKey = new Map<string, Entry<Session>>();
  #oldest: Entry<Session> | null = null;
  #newest: Entry<Session> | null = null;

  get size(): number {
    return this.#byKey.size;
  }

  get oldest(): Session | null {
    return this.#oldest?.session ?? null;
  }

  get(key: string): Session | undefined {
    return this.#byKey.get(key)?.session;
  }

  /** Puts it in the place of the one before, as the newest. */
  keep(key: string, session: Session): void {
    const entry = this.#byKey.get(key) ?? { key, session, older: null, newer: null };
    if (entry === this.#newest) {
      entry.session = session;
      return;
    }
    if (entry.newer === null) this.#byKey.set(key, entry);
    else this.#unlink(entry);
    entry.session = session;
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  /** @returns whether there was one */
  delete(key: string): boolean {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return false;
    this.#byKey.delete(key);
    this.#unlink(entry);
    return true;
  }

  deleteOldest(): void {
    if (this.#oldest !== null) this.delete(this.#oldest.key);
  }

  /** The oldest first. */
  *[Symbol.iterator](): Generator<readonly [key: string, session: Session], void> {
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) yield [entry.key, entry.session];
  }

  #unlink({ older, newer }: Entry<Session>): void {
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }
}
