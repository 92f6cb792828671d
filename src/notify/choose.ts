import type { NoticeKind } from '../config/notify-options.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import type { Notice } from './notice.ts';

/** What a notifier tells of. */
export interface Choice {
  /** Names of jails; `*` stands for any characters. A problem belongs to none, and is told whatever stands here. */
  readonly jails: readonly string[];
  readonly kinds: readonly NoticeKind[];
}

export function choosesJail({ jails }: Choice, jail: string): boolean {
  return jails.some((pattern) => matchesWildcard(pattern, jail));
}

export function chooses(choice: Choice, notice: Notice): boolean {
  if (!choice.kinds.includes(notice.kind)) return false;
  return notice.kind === 'problem' || choosesJail(choice, notice.jail);
}
