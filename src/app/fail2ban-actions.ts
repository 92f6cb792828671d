import { isDeepStrictEqual } from 'node:util';
import { actsOf } from '../config/changes.ts';
import { kindOfAction } from '../config/fail2ban/action-kind.ts';
import { parseIgnoreCache } from '../config/fail2ban/ignore-cache.ts';
import type { Fail2banJail } from '../config/fail2ban/types.ts';
import { messageOf } from '../core/errors.ts';
import { type IgnoreAnswer, IgnoreCommand, type IgnoreQuestion } from '../notify/ignore-command.ts';
import type { Notifier, Report } from '../notify/notifier.ts';
import { type NotifierOptions, notifierOf } from '../notify/notifiers.ts';
import { Shell } from '../notify/shell.ts';

/** What the configuration says of them. */
export interface Fail2banActing {
  readonly jails: ReadonlyMap<string, Fail2banJail>;
  readonly allowed: boolean;
  readonly mail: NotifierOptions['mail'];
}

export interface Fail2banActionsParts extends Fail2banActing {
  readonly report: Report;
  readonly counts: (jail: string) => ReturnType<NotifierOptions['counts']>;
}

export type Ignores = (question: IgnoreQuestion) => Promise<IgnoreAnswer>;

/** What the owner's actions do about bans, and whom his commands pass over. */
export class Fail2banActions {
  readonly notifiers = new Map<string, readonly Notifier[]>();
  readonly #ignoring = new Map<string, IgnoreCommand>();
  readonly #parts: Fail2banActionsParts;
  #acting: Fail2banActing;
  #shell: Shell;

  constructor(parts: Fail2banActionsParts) {
    this.#parts = parts;
    this.#acting = parts;
    this.#shell = new Shell({ allowed: parts.allowed });
    for (const jail of parts.jails.values()) this.#take(jail);
  }

  /** fail2ban's jail of this name, of those that run. */
  jail(name: string): Fail2banJail | undefined {
    return this.#acting.jails.get(name);
  }

  /**
   * The configuration says otherwise now. Returns, by jail, who wanted to know of its bans until now, where that is
   * somebody else from here on. A jail that is gone keeps its actions, since its bans stay; but no command runs any more
   * that is not allowed.
   */
  reconfigure(acting: Fail2banActing): ReadonlyMap<string, readonly Notifier[]> {
    const before = this.#acting;
    this.#acting = acting;
    this.#shell = new Shell({ allowed: acting.allowed });
    const others = new Map<string, readonly Notifier[]>();
    for (const [name, jail] of acting.jails) {
      if (isDeepStrictEqual(actedBy(before, before.jails.get(name)), actedBy(acting, jail))) continue;
      others.set(name, this.#leave(name));
      this.#take(jail);
    }
    const stay = acting.allowed || !before.allowed;
    for (const name of this.notifiers.keys())
      if (!stay && !acting.jails.has(name)) others.set(name, this.#leave(name));
    return others;
  }

  /** What asks the ignorecommand of a jail, or of a container's own one of its name; null: there is none that may run. */
  ignores(jail: string): Ignores | null {
    const command = this.#ignoring.get(jail) ?? this.#ignoring.get(jail.split('@')[0] ?? '');
    return command === undefined ? null : (question) => command.ignores(question);
  }

  stop(): void {
    for (const command of this.#ignoring.values()) command.stop();
  }

  #take(jail: Fail2banJail): void {
    const { report, counts } = this.#parts;
    const { name } = jail;
    const notifiers = this.#notifiersOf(jail);
    if (notifiers.length > 0) this.notifiers.set(name, notifiers);
    const { command, cache } = jail.ignore;
    if (command === null || !this.#acting.allowed) return;
    const ignore = new IgnoreCommand({
      jail: name,
      command: command.text,
      cache: cache === null ? null : parseIgnoreCache(cache),
      shell: this.#shell,
      report,
      counts: () => counts(name),
    });
    this.#ignoring.set(name, ignore);
  }

  /** Questions that were asked are answered still. */
  #leave(jail: string): readonly Notifier[] {
    const notifiers = this.notifiers.get(jail) ?? [];
    this.notifiers.delete(jail);
    this.#ignoring.delete(jail);
    return notifiers;
  }

  #notifiersOf(jail: Fail2banJail): Notifier[] {
    const { report, counts } = this.#parts;
    const { mail, allowed } = this.#acting;
    const options = { jail: jail.name, shell: this.#shell, report, mail, counts: () => counts(jail.name) };
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

/** What makes the actions of a jail what they are. */
function actedBy({ allowed, mail }: Fail2banActing, jail: Fail2banJail | undefined): unknown {
  if (jail === undefined) return null;
  const acts = actsOf(jail, allowed);
  return { ...acts, mail: jail.actions.some((action) => kindOfAction(action).kind === 'mail') ? mail : null };
}
