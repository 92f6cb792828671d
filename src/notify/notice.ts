import type { NoticeKind } from '../config/notify-options.ts';
import type { Counted } from '../core/counted.ts';
import type { Address } from '../core/types.ts';

/** Something that an owner is told of. Times are seconds since the epoch. */
export type Notice = BanNotice | ProblemNotice;

export interface BanNotice {
  readonly kind: 'ban' | 'unban';
  readonly time: number;
  readonly jail: string;
  /** What is banned, canonical: for IPv6 the whole /64 as a rule. */
  readonly address: Address;
  /** The attacker's own address within it. */
  readonly host: Address;
  /** null: for ever. */
  readonly until: number | null;
  readonly failures: number;
  /** What these are; absent: attempts. */
  readonly counts?: Counted;
  /** How often the address was banned, this time included. */
  readonly bancount: number;
  /** The last lines of its log, with control characters made visible; what else stands there a client has chosen. */
  readonly lines: readonly string[];
}

/** Something that should hold does not, or does again. */
export interface ProblemNotice {
  readonly kind: 'problem';
  readonly time: number;
  readonly text: string;
  readonly solved: boolean;
}

/** What a notice is about: an address in a jail, a problem. */
export function subjectOf(notice: Notice): string {
  return notice.kind === 'problem' ? `problem ${notice.text}` : `ban ${notice.jail} ${notice.address}`;
}

/** What it says of that. */
export function stateOf(notice: Notice): string {
  return notice.kind === 'problem' && notice.solved ? 'solved' : notice.kind;
}

/** How many of each kind there are. */
export type NoticeCounts = Readonly<Record<NoticeKind, number>>;

export function countNotices(notices: readonly Notice[]): NoticeCounts {
  const counts = { ban: 0, unban: 0, problem: 0 };
  for (const { kind } of notices) counts[kind] += 1;
  return counts;
}
