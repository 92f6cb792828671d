import { formatDuration } from '../core/duration.ts';
import type { BanEvent, Evidence } from './notifier.ts';

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** Whom a mail is from and about. */
export interface MailHead {
  /** What each subject begins with. */
  readonly prefix: string;
  readonly jail: string;
  readonly host: string;
}

/** Lines of evidence in a mail, and characters of each. */
const mostLines = 100;
const longestLine = 1_000;

export function startedMail(head: MailHead): MailText {
  return mail(head, 'started', [`The jail ${head.jail} has been started on ${head.host}.`]);
}

export function stoppedMail(head: MailHead): MailText {
  return mail(head, 'stopped', [`The jail ${head.jail} has been stopped on ${head.host}.`]);
}

export function banMail(head: MailHead, event: BanEvent, evidence: Evidence | null): MailText {
  const { address, host, failures, since, until, bancount } = event;
  const lines = [
    `The jail ${head.jail} on ${head.host} has banned ${address}.`,
    '',
    ...(host === address ? [] : [`Seen as:  ${host}`]),
    `Failures: ${failures}`,
    `Since:    ${timeOf(since)}`,
    `Until:    ${until === null ? 'for ever' : `${timeOf(until)} (${formatDuration(until - since)})`}`,
    `Times:    ${bancount}`,
  ];
  return mail(head, `banned ${address}`, [...lines, ...(evidence === null ? [] : evidenceLines(evidence))]);
}

/** One mail for all that were not told one by one. `addresses` are the first of them. */
export function summaryMail(head: MailHead, count: number, addresses: readonly string[]): MailText {
  const more = count - addresses.length;
  return mail(head, `banned ${count} more`, [
    `The jail ${head.jail} on ${head.host} has banned ${count} more:`,
    '',
    ...addresses,
    ...(more > 0 ? [`and ${more} others`] : []),
  ]);
}

function evidenceLines({ failures, matches }: Evidence): string[] {
  const last = matches.slice(-mostLines);
  const left = matches.length - last.length;
  return [
    '',
    `Lines (of ${failures} failures):`,
    ...(left > 0 ? [`(${left} before these)`] : []),
    ...last.map((line) => line.slice(0, longestLine)),
  ];
}

function mail({ prefix, jail, host }: MailHead, what: string, lines: readonly string[]): MailText {
  return {
    subject: oneLine(`${prefix} ${jail}: ${what} on ${host}`),
    text: `${lines.map(oneLine).join('\n')}\n`,
  };
}

/** Nothing that comes with a ban may begin another line, be it a header's or one that looks like ours. */
function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}
