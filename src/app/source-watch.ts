import type { Finding, SourceStatus } from '../control/protocol.ts';
import type { Log } from './log.ts';

/** Says in the log, once each time it begins, that a source is far behind or unusually silent, or names a proxy for its clients. */
export class SourceWatch {
  readonly #log: Log;
  #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  look(sources: readonly SourceStatus[], findings: readonly Finding[] = []): void {
    const found = new Set<string>();
    for (const { jail, source, text } of findings)
      this.#say(found, `${source} ${jail} finding`, source, text, 'a log does not name the clients');
    for (const { id, behind, silent } of sources) {
      if (behind !== null) this.#say(found, `${id} behind`, id, behind, 'a source falls behind');
      if (silent !== null) this.#say(found, `${id} silent`, id, silent, 'a source is silent');
    }
    this.#said = found;
  }

  #say(found: Set<string>, key: string, source: string, warning: string, message: string): void {
    found.add(key);
    if (!this.#said.has(key)) this.#log.warn({ source, warning }, message);
  }
}
