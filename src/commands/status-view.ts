import type { BusyRange, SourceStatus, Status } from '../control/protocol.ts';
import { formatDuration } from '../core/duration.ts';
import { describeBytes } from './numbers.ts';
import { printLine, printTable } from './output.ts';
import { type Piece, paint } from './pieces.ts';
import { printNotifiers } from './status-notifiers.ts';

/** So many jails, and so many sources, have room on one screen; `status JAIL` and --json tell of all. */
const mostRows = 20;
/** Of containers' labels; all are in --json. */
const mostNotes = 10;
/** Lines of this age, in seconds, are no longer read as they are written. */
const late = 5;

type Enforcement = Status['enforcement'];

/** What needs attention first, then all of it: one look, one screen. */
export function printStatus(status: Status): void {
  const { enforcement, problems, warnings, ready } = status;
  const up = formatDuration(Date.now() / 1000 - status.started);
  const state = ready ? paint('green', 'ready') : paint('red', 'NOT READY');
  printLine(`Bailiff ${status.version}, up ${up}: `, state);
  for (const problem of problems) printLine('  ', paint('red', `! ${problem}`));
  for (const warning of warnings) printLine('  ', paint('yellow', `! ${warning}`));
  const notes = status.labels.flatMap((report) => report.notes);
  for (const note of notes.slice(0, mostNotes)) printLine(`  - ${note}`);
  printLine();
  printEnforcement(enforcement);
  printLine();
  printJails(mostImportant(status.jails, ({ active, bans, hits }) => active * 1e6 + bans * 1e3 + hits));
  printMore(status.jails.length, 'jails');
  for (const range of status.ranges) printLine('  - ', describeRange(range));
  printLine();
  printSources(mostImportant(status.sources, urgency));
  printMore(status.sources.length, 'sources');
  printLine();
  printNotifiers(status.notifiers);
  const { reload } = status;
  if (reload !== null) {
    const ago = formatDuration(Date.now() / 1000 - reload.time);
    printLine(`Configuration: ${reload.applied ? 'reloaded' : 'REFUSED, the one before holds;'} ${ago} ago`);
  }
  printLine(status.metrics === null ? 'Metrics: off' : `Metrics: ${status.metrics}`);
}

export function printJails(jails: Status['jails']): void {
  printTable(
    ['JAIL', 'FILTER', 'LIMIT', 'BANTIME', 'ACTION', 'HITS', 'BANS', 'ACTIVE'],
    jails.map(({ name, filter, maxretry, findtime, bantime, policy, ports, hits, bans, active }) => [
      name,
      filter,
      `${maxretry} in ${formatDuration(findtime)}`,
      formatDuration(bantime),
      describeAction(policy, ports),
      String(hits),
      String(bans),
      active === 0 ? '0' : paint('bold', String(active)),
    ]),
  );
}

function describeRange({ range, addresses, protected: reason }: BusyRange): string {
  const would =
    reason === null ? 'a jail with `ranges` would ban it whole' : `it would not be banned whole: ${reason}`;
  return `of ${range} ${addresses} addresses are banned; ${would} (docs/escalation.md)`;
}

/** One source at length. */
export function printSource(source: SourceStatus): void {
  const { id, state, detail, lines, lag, errors, restarts, lastError } = source;
  printLine(`${id}: ${[state, detail].filter(Boolean).join(', ')}`);
  printLine(`  ${lines} lines, the last: ${describeLastLine(source)}; ${describeBytes(lag)} not judged yet`);
  if (isLate(source))
    printLine(`  its lines are ${formatDuration(Math.round(source.lagSeconds ?? 0))} old when they are read`);
  if (restarts > 0) printLine(`  began again ${restarts} times`);
  if (lastError !== null) {
    const when = new Date(lastError.time * 1000).toISOString();
    printLine(`  failed ${errors} times, the last at ${when}: ${lastError.message}`);
  }
  for (const warning of [source.warning, source.behind, source.silent]) {
    if (warning !== null) printLine('  ', paint('yellow', `! ${warning}`));
  }
}

function printEnforcement(enforcement: Enforcement): void {
  const { state, backend, elements, detail, hooks } = enforcement;
  const holds = paint(state === 'enforcing' ? 'green' : 'red', state);
  printLine('Enforcement: ', holds, ` by ${backend}, ${elements} banned${detail && ` (${detail})`}`);
  if (hooks.length === 0) return;
  const names = [...new Set([...hooks, ...droppedAt(enforcement)].map(nameOf))];
  printTable(
    ['HOOK', 'IPv4', 'IPv6'],
    names.map((name) => [name, describeHook(enforcement, name, 4), describeHook(enforcement, name, 6)]),
  );
}

function droppedAt({ dropped }: Enforcement): Enforcement['dropped'] {
  return dropped.filter(({ packets }) => packets > 0);
}

function nameOf(hook: { readonly name: string } | { readonly hook: string }): string {
  return 'name' in hook ? hook.name : hook.hook;
}

/** `verified, 12 packets (720 B) shut out`. */
function describeHook(enforcement: Enforcement, name: string, family: 4 | 6): Piece {
  const hook = enforcement.hooks.find((each) => each.name === name && each.family === family);
  const dropped = droppedAt(enforcement).find((each) => each.hook === name && each.family === family);
  const counts = dropped && `${dropped.packets} packets (${describeBytes(dropped.bytes)}) shut out`;
  if (hook?.ok === false) return paint('red', `MISSING ${hook.problem ?? ''}`.trimEnd());
  const state = hook && (hook.verified ? 'verified' : 'read back');
  return [state, counts].filter(Boolean).join(', ') || '-';
}

function printSources(sources: Status['sources']): void {
  printTable(
    ['SOURCE', 'STATE', 'LINES', 'LAST LINE', 'LAG', 'ERRORS', 'JAILS', 'DETAIL'],
    sources.map((source) => [
      source.id,
      urgency(source) > 0 ? paint('yellow', source.state) : source.state,
      String(source.lines),
      describeLastLine(source),
      describeLag(source),
      String(source.errors),
      source.jails.join(','),
      source.detail,
    ]),
  );
}

/** In time where that is known and more than a moment. */
function describeLag(source: SourceStatus): string {
  return isLate(source) ? formatDuration(Math.round(source.lagSeconds ?? 0)) : describeBytes(source.lag);
}

function isLate({ lagSeconds }: SourceStatus): boolean {
  return (lagSeconds ?? 0) >= late;
}

/** What cannot be read first, then what is behind or silent, then the others. */
function urgency({ state, behind, silent, warning }: SourceStatus): number {
  if (state === 'failed' || state === 'waiting') return 2;
  return behind === null && silent === null && warning === null ? 0 : 1;
}

/** As many as have room, the most important of them first; those that are as important as each other as they came. */
function mostImportant<T>(all: readonly T[], importance: (one: T) => number): readonly T[] {
  if (all.length <= mostRows) return all;
  return all.toSorted((a, b) => importance(b) - importance(a)).slice(0, mostRows);
}

function printMore(all: number, what: string): void {
  if (all > mostRows) printLine(paint('dim', `and ${all - mostRows} more ${what}: see status --json`));
}

/** `2m ago`, or that there was none; nothing of what is no log itself, such as a pattern or the engine. */
function describeLastLine({ jails, lastLine, lines, since }: SourceStatus): string {
  const ago = (time: number): string => formatDuration(Date.now() / 1000 - time);
  if (lastLine !== null) return `${ago(lastLine)} ago`;
  return lines === 0 && jails.length > 0 ? `none for ${ago(since)}` : '';
}

/** `drop`, `reject 80/tcp`, `drop 8080/tcp (published)`. */
function describeAction(policy: string, ports: string): string {
  const [action = ''] = policy.split(' ', 1);
  if (policy.includes(' published ')) return `${action} ${ports} (published)`;
  return ports === 'all' ? action : `${action} ${ports}`;
}
