import { kindOfAction } from '../config/fail2ban/action-kind.ts';
import { parseIgnoreCache } from '../config/fail2ban/ignore-cache.ts';
import type { Fail2banJail } from '../config/fail2ban/types.ts';
import { messageOf } from '../core/errors.ts';
import { type IgnoreAnswer, IgnoreCommand, type IgnoreQuestion } from '../notify/ignore-command.ts';
import type { Notifier, Report } from '../notify/notifier.ts';
import { type NotifierOptions, notifierOf } from '../notify/notifiers.ts';
import { Shell } from '../notify/shell.ts';

export interface Fail2banActionsParts {
  readonly jails: ReadonlyMap<string, Fail2banJail>;
  readonly allowed: boolean;
  readonly mail: NotifierOptions['mail'];
  readonly report: Report;
  readonly counts: (jail: string) => ReturnType<NotifierOptions['counts']>;
}

export type Ignores = (question: IgnoreQuestion) => Promise<IgnoreAnswer>;

/** What the owner's actions do about bans, and whom his commands pass over. */
export class Fail2banActions {
  readonly notifiers = new Map<string, readonly Notifier[]>();
  readonly #ignoring = new Map<string, IgnoreCommand>();
  readonly #parts: Fail2banActionsParts;

  constructor(parts: Fail2banActionsParts) {
    this.#parts = parts;
    const shell = new Shell({ allowed: parts.allowed });
    for (const jail of parts.jails.values()) {
      const notifiers = this.#notifiersOf(jail, shell);
      if (notifiers.length > 0) this.notifiers.set(jail.name, notifiers);
      const { command, cache } = jail.ignore;
      if (command === null || !parts.allowed) continue;
      const ignore = new IgnoreCommand({
        jail: jail.name,
        command: command.text,
        cache: cache === null ? null : parseIgnoreCache(cache),
        shell,
        report: parts.report,
        counts: () => parts.counts(jail.name),
      });
      this.#ignoring.set(jail.name, ignore);
    }
  }

  /** What asks the ignorecommand of a jail, or of a container's own one of its name; null: there is none that may run. */
  ignores(jail: string): Ignores | null {
    const command = this.#ignoring.get(jail) ?? this.#ignoring.get(jail.split('@')[0] ?? '');
    return command === undefined ? null : (question) => command.ignores(question);
  }

  stop(): void {
    for (const command of this.#ignoring.values()) command.stop();
  }

  #notifiersOf(jail: Fail2banJail, shell: Shell): Notifier[] {
    const { report, mail, counts, allowed } = this.#parts;
    const options = { jail: jail.name, shell, report, mail, counts: () => counts(jail.name) };
    return jail.actions.flatMap((action) => {
      const is = kindOfAction(action);
      const kind = is.kind === 'enforcement' && is.runs ? ({ kind: 'command' } as const) : is;
      if (kind.kind !== 'mail' && !allowed) return [];
      try {
        return notifierOf(action, kind, options) ?? [];
      } catch (error) {
        report({ jail: jail.name, action: action.label, message: messageOf(error), more: 0 });
        return [];
      }
    });
  }
}
