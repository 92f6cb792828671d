import { createHash } from 'node:crypto';
import type { NoticeKind } from '../config/notify-options.ts';
import { describeCount } from '../core/counted.ts';
import { formatDuration } from '../core/duration.ts';
import { printable } from '../core/printable.ts';
import { countNotices, type Notice, type NoticeCounts } from './notice.ts';

/** What one message says: of one notice, or of all that came together. Its texts hold no control characters but line ends. */
export interface Message {
  /** The same for the same content, however often it is sent. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Of this machine. */
  readonly host: string;
  /** One line. */
  readonly title: string;
  /** Several. */
  readonly text: string;
  /** `several`: of different kinds. */
  readonly kind: NoticeKind | 'several' | 'test';
  readonly count: number;
  readonly counts: NoticeCounts;
  /** Of a single ban, else ''. */
  readonly jail: string;
  readonly address: string;
  /** The first of them. */
  readonly notices: readonly Notice[];
  /** How many more there would have been, but for the queue's room. */
  readonly dropped: number;
}

/** Notices that a message tells at length, and bans that it names beyond these. */
const mostDetailed = 20;
const mostNamed = 100;
/** Characters of a title. */
const longestTitle = 200;

export interface MessageParts {
  readonly host: string;
  /** At least one, the oldest first. */
  readonly notices: readonly Notice[];
  readonly dropped: number;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** One message for all of them. */
export function messageOf({ host, notices, dropped, now }: MessageParts): Message {
  const counts = countNotices(notices);
  const kinds = [...new Set(notices.map(({ kind }) => kind))];
  const [first] = notices;
  const single = notices.length === 1 && first !== undefined ? first : null;
  const title =
    single === null ? groupTitle(host, counts, now - (first?.time ?? now)) : titleOf(host, single);
  const body = bodyOf(notices, dropped);
  return {
    // The title of a group says how long ago it began, which is another each time.
    id: idOf(host, body),
    time: now,
    host,
    title: printable(title.slice(0, longestTitle)),
    text: `${printable(title)}\n\n${body}\n`,
    kind: kinds.length === 1 && kinds[0] !== undefined ? kinds[0] : 'several',
    count: notices.length,
    counts,
    jail: single === null || single.kind === 'problem' ? '' : single.jail,
    address: single === null || single.kind === 'problem' ? '' : single.address,
    notices: notices.slice(0, mostDetailed),
    dropped,
  };
}

/** A message that says nothing but that it arrives. */
export function testMessage(host: string, name: string, now: number): Message {
  const title = printable(`${host}: a test of Bailiff's notifier ${name}`);
  return {
    id: idOf(title, String(now)),
    time: now,
    host,
    title,
    text: `${title}\n\nIf you can read this, it works. Nobody was banned for it.\n`,
    kind: 'test',
    count: 0,
    counts: countNotices([]),
    jail: '',
    address: '',
    notices: [],
    dropped: 0,
  };
}

function idOf(...content: string[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);
}

function titleOf(host: string, notice: Notice): string {
  if (notice.kind === 'problem') return `${host}: ${notice.solved ? 'solved' : 'problem'}: ${notice.text}`;
  return `${host}: ${notice.jail} ${notice.kind === 'ban' ? 'banned' : 'let in'} ${notice.address}`;
}

function groupTitle(host: string, counts: NoticeCounts, seconds: number): string {
  const what = [
    counted(counts.ban, 'ban'),
    counted(counts.unban, 'unban'),
    counted(counts.problem, 'problem'),
  ];
  const when = seconds < 90 ? 'the last minute' : `the last ${formatDuration(seconds)}`;
  return `${host}: ${what.filter((part) => part !== '').join(', ')} in ${when}`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}

function bodyOf(notices: readonly Notice[], dropped: number): string {
  const named = notices.slice(mostDetailed, mostDetailed + mostNamed);
  const rest = notices.length - mostDetailed - named.length;
  const lines = [
    ...notices.slice(0, mostDetailed).flatMap(detailsOf),
    ...named.map(oneLine),
    ...(rest > 0 ? [`and ${rest.toLocaleString('en-US')} more`] : []),
    ...(dropped > 0 ? [`and ${dropped.toLocaleString('en-US')} for which there was no room`] : []),
  ];
  return lines.map(printable).join('\n');
}

function detailsOf(notice: Notice): string[] {
  if (notice.kind === 'problem' || notice.lines.length === 0) return [oneLine(notice)];
  return [oneLine(notice), ...notice.lines.map((line) => `  | ${line}`)];
}

function oneLine(notice: Notice): string {
  const at = timeOf(notice.time);
  if (notice.kind === 'problem') return `${at} ${notice.solved ? 'solved' : 'problem'}: ${notice.text}`;
  const { kind, jail, address, host, failures, counts, until, bancount, time } = notice;
  const seen = host === address || address.includes('/') === false ? '' : ` (seen as ${host})`;
  if (kind === 'unban') return `${at} ${jail} let in ${address}`;
  const how = until === null ? 'for ever' : `for ${formatDuration(until - time)}`;
  const again = bancount > 1 ? `, the ${bancount.toLocaleString('en-US')}. time` : '';
  const why = counts === undefined ? `${failures} failures` : describeCount(failures, counts);
  return `${at} ${jail} banned ${address}${seen} ${how}, ${why}${again}`;
}

function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}
