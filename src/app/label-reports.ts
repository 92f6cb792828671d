import type { LabelReport } from '../control/protocol.ts';
import type { BailiffError } from '../core/errors.ts';

/** Containers that are remembered: whoever may start some may start many. */
const mostContainers = 1_000;
/** What was said in the log, so that it is said once; of more, the oldest may be said again. */
const mostSaid = 1_000;
const mostShown = 10;

/** Called once for each text. */
export interface LabelReportsParts {
  readonly complain: (complaint: string) => void;
  readonly note: (note: string) => void;
}

/** What there is to say of containers' labels, as long as these are there. */
export class LabelReports {
  /** By container id. */
  readonly #reports = new Map<string, LabelReport>();
  /** Ids of containers that are there, and whose reports had to go. */
  readonly #untold = new Set<string>();
  /** The newest, in the order in which they were said. */
  readonly #said = new Set<string>();
  readonly #parts: LabelReportsParts;

  constructor(parts: LabelReportsParts) {
    this.#parts = parts;
  }

  /** What there is to say of a container's labels now; nothing (any more) where both are empty. */
  replace(
    id: string,
    container: string,
    { errors, notes = [] }: { errors: readonly BailiffError[]; notes?: readonly string[] },
  ): void {
    this.#reports.delete(id);
    this.#untold.delete(id);
    if (errors.length > 0 || notes.length > 0) {
      const told = errors.map(({ code, message, where = '', remedy = null }) => ({
        code,
        where,
        message,
        remedy,
      }));
      this.#reports.set(id, { container, errors: told, notes });
      this.#makeRoom();
    }
    for (const error of errors) this.#once(error.describe(), this.#parts.complain);
    for (const note of notes) this.#once(note, this.#parts.note);
  }

  /** Containers that are gone. */
  forget(isGone: (id: string) => boolean): void {
    for (const ids of [this.#reports, this.#untold]) {
      for (const id of ids.keys()) if (isGone(id)) ids.delete(id);
    }
  }

  #makeRoom(): void {
    const [oldest] = this.#reports.keys();
    if (oldest === undefined || this.#reports.size <= mostContainers) return;
    this.#reports.delete(oldest);
    this.#untold.add(oldest);
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
      ...(this.#untold.size > 0 ? [`labels of ${this.#untold.size} more containers may not be heeded`] : []),
    ];
  }

  #once(text: string, say: (text: string) => void): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    const [oldest = text] = this.#said;
    if (this.#said.size > mostSaid) this.#said.delete(oldest);
    say(text);
  }
}
