import type { EarlierBan, NextBan, WhyAnswer, WhyBan, WhyWindow } from '../control/protocol.ts';
import { describeCount } from '../core/counted.ts';
import { formatDuration } from '../core/duration.ts';
import { localTime } from '../core/local-time.ts';
import { keepsOut } from '../core/policy.ts';
import type { EvidenceLine, UnbanReason } from '../core/types.ts';
import { daemon } from './daemon.ts';
import { printable, printJson, printLine } from './output.ts';

/** Earlier bans that are printed, and of those whose lines; --json has more. */
const mostEarlier = 10;

export async function whyCommand({ address, json }: { address: string; json?: true }): Promise<void> {
  const answer = await daemon().why(address);
  if (json) printJson(answer);
  else for (const line of explanation(answer, Date.now() / 1000)) printLine(line);
}

/** Why an address is banned, or is not, in lines that a terminal may show. */
export function explanation(answer: WhyAnswer, now: number): string[] {
  return [
    ...verdictLines(answer),
    ...answer.bans.flatMap((ban) => banLines(ban, answer, now)),
    ...insideLines(answer),
    ...answer.windows.flatMap((window) => windowLines(window, now)),
    ...(answer.bans.length + answer.windows.length > 0 ? answer.next.map(nextLine) : []),
    ...earlierLines(answer),
    ...(answer.dropsUnknown === null ? [] : [`Packets dropped: not known, since ${answer.dropsUnknown}`]),
  ].map((line) => printable(line));
}

function verdictLines(answer: WhyAnswer): string[] {
  const { address, counted, verdict, bans, protectedBy, enforcement, earlier } = answer;
  const name = counted === address ? address : `${address} (counted and banned as ${counted})`;
  const protections = protectedBy.map(
    ({ jail, entry, reason }) =>
      `  ${jail === null ? 'no jail' : `jail ${jail} never`} bans it: ${reason}${entry === null ? '' : ` (${entry})`}`,
  );
  switch (verdict) {
    case 'banned':
      if (!bans.some(({ policy }) => keepsOut(policy)))
        return [`${name} is banned for the record alone, and let in.`, ...protections];
      return [`${name} is banned.`, ...weakness(enforcement), ...protections];
    case 'protected':
      return [`${name} is not banned: it is protected.`, ...protections];
    case 'counted':
      return [`${name} is not banned: it has not made enough attempts yet.`, ...protections];
    case 'free':
      return [
        `${name} is not banned: no jail counts anything of it now.`,
        ...lastEnd(earlier),
        ...protections,
      ];
  }
}

function weakness({ state, backend, detail }: WhyAnswer['enforcement']): string[] {
  if (state === 'enforcing') return [];
  const by = [backend, detail].filter((text) => text !== '').join(': ');
  return [`  ! Enforcement is ${state} (${by}): it may get in all the same.`];
}

function lastEnd([last]: readonly EarlierBan[]): string[] {
  if (last === undefined) return [];
  return [
    `  its last ban, by ${last.jail}, ${endings[last.reason ?? 'expired']} ${localTime(last.ended ?? 0)}`,
  ];
}

/** What became of a ban, before the time. */
const endings: Readonly<Record<UnbanReason, string>> = {
  expired: 'was over at',
  manual: 'was ended by hand at',
  protected: 'ended, since the address is protected, at',
};

function banLines(ban: WhyBan, { address, counted, enforcement }: WhyAnswer, now: number): string[] {
  const { jail, since, until, hits, count, forced } = ban;
  const range = ban.address === address || ban.address === counted ? '' : `the range ${ban.address}, `;
  const end = until === null ? 'for ever' : `until ${localTime(until)} (${formatDuration(until - now)} left)`;
  const reason = `${reasonOf(hits, ban.counts)}${forced ? ', by force' : ''}`;
  return [
    `  ${range}by ${jail}, ${reason}, since ${localTime(since)}, ${end}; ban ${count} of it in this jail`,
    `    ${effectOf(ban, enforcement.state === 'enforcing')}`,
    ...dropsLines(ban),
    ...evidenceLines(ban.evidence, hits > 0),
  ];
}

function reasonOf(hits: number, counts: WhyBan['counts']): string {
  return hits === 0 ? 'by hand' : `after ${describeCount(hits, counts)}`;
}

/** What a ban touches, and what it does not. */
function effectOf({ policy, ports }: WhyBan, holds: boolean): string {
  const [action = ''] = policy.split(' ', 1);
  if (action === 'none') return 'nothing is shut: its jail only keeps the ban';
  const done = { reject: 'rejected', log: 'let through and logged' }[action] ?? 'dropped';
  const verb = `${holds ? 'are' : 'would be'} ${done}`;
  if (ports === 'all')
    return `all packets from it ${verb}, those that answer connections of this host to it as well`;
  return `packets from it to ${ports} ${verb}; its packets to other ports, and those that answer connections of this host, are not touched`;
}

function dropsLines({ dropped, policy }: WhyBan): string[] {
  if (dropped === null) return [];
  const packets = dropped.packets === 1 ? '1 packet' : `${dropped.packets.toLocaleString('en-US')} packets`;
  const done = policy.split(' ', 1)[0] === 'reject' ? 'rejected' : 'dropped';
  const bytes = dropped.packets === 0 ? '' : `, ${dropped.bytes.toLocaleString('en-US')} bytes,`;
  return [`    ${packets}${bytes} ${done} since it stands in the kernel's set`];
}

function evidenceLines(lines: readonly EvidenceLine[], isWanted: boolean): string[] {
  if (lines.length === 0)
    return isWanted
      ? ['    no lines are kept of it: evidence is off, or there was too much at that time']
      : [];
  return lines.map(({ time, source, line }) => `    ${localTime(time)}  ${source}  ${line}`);
}

function insideLines({ inside }: WhyAnswer): string[] {
  if (inside.count === 0) return [];
  const named = inside.bans.map(({ address, jail }) => `${address} (${jail})`).join(', ');
  const more = inside.count > inside.bans.length ? ` and ${inside.count - inside.bans.length} more` : '';
  return [`Inside it ${inside.count} are banned: ${named}${more}`];
}

function windowLines(window: WhyWindow, now: number): string[] {
  const { jail, counts, hits, maxretry, findtime, nextOut, lastOut, evidence } = window;
  const left = (time: number): string => formatDuration(time - now);
  const whose = counts === 'addresses' ? ` of ${window.address}` : '';
  const counted = `${hits} of ${describeCount(maxretry, counts)}${whose}`;
  return [
    `  jail ${jail} counts ${counted} in ${formatDuration(findtime)}: the oldest counts no more in ${left(nextOut)}, the last in ${left(lastOut)}`,
    ...evidenceLines(evidence, false),
  ];
}

function nextLine({ jail, address, seconds, more, attempts, counts, growth }: NextBan): string {
  const range = counts === 'addresses' ? ` of the range ${address}` : '';
  const chance = more > 0 ? ` to ${formatDuration((seconds ?? 0) + more)}` : '';
  const length = `${formatDuration(seconds)}${chance}`;
  return `Next ban${range} by ${jail}: ${length}, after ${describeCount(attempts, counts)}${growthOf(growth)}`;
}

function growthOf(growth: NextBan['growth']): string {
  if (growth === null) return '';
  const of = growth.ofAll ? 'of all jails' : 'in this jail';
  const first =
    growth.ban === 1 ? '' : `, the first again once ${formatDuration(growth.forget)} went by without one`;
  return `; ban ${growth.ban} ${of}${first}`;
}

function earlierLines({ earlier }: WhyAnswer): string[] {
  if (earlier.length === 0) return [];
  const shown = earlier.slice(0, mostEarlier);
  return [
    `Earlier bans: ${earlier.length}`,
    ...shown.flatMap(({ jail, since, ended, reason, hits, counts, evidence }) => [
      `  by ${jail} at ${localTime(since)}, ${reasonOf(hits, counts)}; it ${endings[reason ?? 'expired']} ${localTime(ended ?? 0)}`,
      ...evidenceLines(evidence, false),
    ]),
  ];
}
