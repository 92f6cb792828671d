import type { ActionKind } from '../config/fail2ban/action-kind.ts';
import type { Fail2banAction } from '../config/fail2ban/types.ts';
import type { TagSources } from './ban-tags.ts';
import { CommandAction } from './command-action.ts';
import { Mail } from './mail.ts';
import { mailServerUrl } from './mail-server.ts';
import type { Notifier, Reaction, Report } from './notifier.ts';
import { Queued } from './queued.ts';
import type { Shell } from './shell.ts';

/** What the actions of a jail need of the daemon. */
export interface NotifierOptions extends TagSources {
  readonly jail: string;
  readonly shell: Shell;
  readonly report: Report;
  /** Where mails go, and whom they are from, where the action says nothing of it. */
  readonly mail: { readonly server: string; readonly from: string };
}

/**
 * Who does what an action of fail2ban's says about the bans of its jail; null where nobody has to: our enforcer keeps
 * the address out, or the action needs fail2ban itself.
 * @throws BailiffError config-invalid for mail addresses that are none
 */
export function notifierOf(
  action: Fail2banAction,
  kind: ActionKind,
  options: NotifierOptions,
): Notifier | null {
  const reaction = reactionOf(action, kind, options);
  const { jail, report } = options;
  return reaction === null ? null : new Queued(reaction, { jail, action: action.label, report });
}

function reactionOf(action: Fail2banAction, kind: ActionKind, options: NotifierOptions): Reaction | null {
  if (kind.kind === 'mail') return mailOf(action, kind, options);
  return kind.kind === 'report' || kind.kind === 'command' ? new CommandAction(action, options) : null;
}

function mailOf(
  { label }: Fail2banAction,
  use: ActionKind & { readonly kind: 'mail' },
  { jail, report, mail }: NotifierOptions,
): Mail {
  const { server, user, password, sender, senderName, to, evidence, onStart, onStop, onRestored } = use;
  return new Mail({
    jail,
    action: label,
    report,
    server: server === null ? mail.server : mailServerUrl(server, user, password),
    from: sender ?? mail.from,
    fromName: senderName,
    to,
    evidence,
    onStart,
    onStop,
    onRestored,
  });
}
