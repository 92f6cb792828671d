/** Open sessions kept per scope, and for how long (seconds of log time); fail2ban's figures. */
const capacity = 100;
const lifetime = 300;

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
export class OpenSessions<Session extends { readonly time: number }>
  implements Iterable<readonly [key: string, session: Session]>
{
  readonly #byKey = new Map<string, Entry<Session>>();
  #oldest: Entry<Session> | null = null;
  #newest: Entry<Session> | null = null;

  get size(): number {
    return this.#byKey.size;
  }

  /** Null where its time was over: keys such as process ids come back, and an old session must lend nothing to a new one. */
  known(key: string, now: number): Session | null {
    const session = this.#byKey.get(key)?.session;
    return session !== undefined && now - session.time <= lifetime ? session : null;
  }

  /** As `restore`; the oldest go when there are too many, or their time is over. */
  keep(key: string, session: Session): void {
    this.restore(key, session);
    for (let oldest = this.#oldest; oldest !== null; oldest = this.#oldest) {
      if (this.size <= capacity && oldest.session.time >= session.time - lifetime) return;
      this.delete(oldest.key);
    }
  }

  /** Puts it in the place of the one before, which keeps its age among the others; false: there is none. */
  replace(key: string, session: Session): boolean {
    const entry = this.#byKey.get(key);
    if (entry !== undefined) entry.session = session;
    return entry !== undefined;
  }

  /** Puts it in the place of the one before, as the newest. */
  restore(key: string, session: Session): void {
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

  /** The oldest first. */
  *[Symbol.iterator](): Generator<readonly [key: string, session: Session], void> {
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) yield [entry.key, entry.session];
  }

  #unlink(entry: Entry<Session>): void {
    const { older, newer } = entry;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    // One that has grown old would keep all newer ones alive until the next full collection.
    entry.older = null;
    entry.newer = null;
  }
}
