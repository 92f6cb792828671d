import type { LabelReport } from '../control/protocol.ts';
import type { BailiffError } from '../core/errors.ts';

/** Containers that are remembered: whoever may start some may start many. */
const mostContainers = 1_000;
/** Complaints that were said in the log, so that each is said once. */
const mostSaid = 1_000;
const mostShown = 10;

/** What is wrong with containers' labels, as long as these are there. */
export class LabelReports {
  /** By container id. */
  readonly #reports = new Map<string, LabelReport>();
  readonly #said = new Set<string>();
  readonly #say: (complaint: string) => void;

  /** `say` is called once for each complaint. */
  constructor(say: (complaint: string) => void) {
    this.#say = say;
  }

  /** What is wrong with a container's labels now; nothing (any more) where there is no error. */
  replace(id: string, container: string, errors: readonly BailiffError[]): void {
    this.#reports.delete(id);
    if (errors.length > 0 && this.#reports.size < mostContainers) {
      const told = errors.map(({ code, message, where = '', remedy = null }) => ({
        code,
        where,
        message,
        remedy,
      }));
      this.#reports.set(id, { container, errors: told });
    }
    for (const error of errors) this.#sayOnce(error.describe());
  }

  /** Containers that are gone. */
  forget(isGone: (id: string) => boolean): void {
    for (const id of this.#reports.keys()) if (isGone(id)) this.#reports.delete(id);
  }

  all(): LabelReport[] {
    return [...this.#reports.values()];
  }

  /** A sentence each, the rest counted. */
  warnings(): string[] {
    const all = this.all().flatMap(({ errors }) => errors);
    const rest = all.length - mostShown;
    return [
      ...all
        .slice(0, mostShown)
        .map(({ where, message, remedy }) => [`${where}: ${message}`, remedy].filter(Boolean).join('. ')),
      ...(rest > 0 ? [`${rest} more labels are not heeded`] : []),
    ];
  }

  #sayOnce(complaint: string): void {
    if (this.#said.has(complaint) || this.#said.size >= mostSaid) return;
    this.#said.add(complaint);
    this.#say(complaint);
  }
}
