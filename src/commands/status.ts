import type { ControlClient } from '../control/client.ts';
import type { SourceStatus, Status } from '../control/protocol.ts';
import { formatDuration } from '../core/duration.ts';
import { BailiffError } from '../core/errors.ts';
import { printBans, publicForm } from './banned.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine, printTable } from './output.ts';
import { printNotifiers } from './status-notifiers.ts';

export interface StatusOptions {
  readonly jail?: string;
  readonly check?: true;
  readonly json?: true;
}

/** `status`, or `status JAIL`: that jail alone, and whom it bans. Returns the exit code. */
export async function statusCommand(options: StatusOptions): Promise<0 | 1> {
  const client = daemon();
  const status = await client.status();
  if (options.jail !== undefined) await showJail(client, status, options.jail, options.json === true);
  else if (options.json) printJson(status);
  else printStatus(status);
  return options.check && !status.ready ? 1 : 0;
}

async function showJail(client: ControlClient, status: Status, jail: string, json: boolean): Promise<void> {
  const found = status.jails.find(({ name }) => name === jail);
  if (found === undefined) {
    const names = status.jails.map(({ name }) => name).join(', ');
    throw new BailiffError('jail-not-found', `there is no jail "${jail}"`, {
      remedy: `The jails are: ${names}.`,
    });
  }
  const banned = (await client.bans()).filter((ban) => ban.jail === jail);
  const findings = status.findings.filter((each) => each.jail === jail);
  if (json) return printJson({ ...found, findings, banned: banned.map(publicForm) });
  printJails([found]);
  printLine();
  for (const source of status.sources.filter(({ jails }) => jails.includes(jail))) printSource(source);
  for (const { page, remedies } of findings) {
    printLine(`  What may stand in front, and what to do (${page}):`);
    for (const { behind, remedy } of remedies) printLine(`    ${behind}: ${remedy}`);
  }
  printLine();
  if (banned.length === 0) printLine('Nobody is banned by it.');
  else printBans(banned);
}

function printStatus(status: Status): void {
  const { enforcement, problems } = status;
  const up = formatDuration(Date.now() / 1000 - status.started);
  printLine(`Bailiff ${status.version}, up ${up}: ${status.ready ? 'ready' : 'NOT READY'}`);
  for (const problem of [...problems, ...status.warnings]) printLine(`  ! ${problem}`);
  printLine();
  printLine(
    `Enforcement: ${enforcement.state} by ${enforcement.backend}, ${enforcement.elements} banned (${enforcement.detail})`,
  );
  for (const hook of enforcement.hooks) {
    const state = !hook.ok ? `MISSING ${hook.problem ?? ''}` : hook.verified ? 'verified' : 'read back';
    printLine(`  IPv${hook.family}  ${hook.name.padEnd(22)} ${state}`.trimEnd());
  }
  const dropped = enforcement.dropped.filter(({ packets }) => packets > 0);
  for (const { hook, family, packets, bytes } of dropped) {
    printLine(`  IPv${family}  ${packets} packets (${bytes} B) dropped or rejected at ${hook}`);
  }
  printLine();
  printJails(status.jails);
  printLine();
  printTable(
    ['SOURCE', 'STATE', 'LINES', 'LAST LINE', 'LAG', 'ERRORS', 'JAILS', 'DETAIL'],
    status.sources.map((source) => [
      source.id,
      source.state,
      String(source.lines),
      describeLastLine(source),
      `${source.lag} B`,
      String(source.errors),
      source.jails.join(','),
      source.detail,
    ]),
  );
  printLine();
  printNotifiers(status.notifiers);
  const { reload } = status;
  if (reload !== null) {
    const ago = formatDuration(Date.now() / 1000 - reload.time);
    printLine(`Configuration: ${reload.applied ? 'reloaded' : 'REFUSED, the one before holds;'} ${ago} ago`);
  }
  printLine(status.metrics === null ? 'Metrics: off' : `Metrics: ${status.metrics}`);
}

/** `2m ago`, or that there was none; nothing of what is no log itself, such as a pattern or the engine. */
function describeLastLine({ jails, lastLine, lines, since }: SourceStatus): string {
  const ago = (time: number): string => formatDuration(Date.now() / 1000 - time);
  if (lastLine !== null) return `${ago(lastLine)} ago`;
  return lines === 0 && jails.length > 0 ? `none for ${ago(since)}` : '';
}

/** One source at length. */
function printSource(source: SourceStatus): void {
  const { id, state, detail, lines, lag, errors, restarts, lastError } = source;
  printLine(`${id}: ${[state, detail].filter(Boolean).join(', ')}`);
  printLine(`  ${lines} lines, the last: ${describeLastLine(source)}; ${lag} B not judged yet`);
  if (restarts > 0) printLine(`  began again ${restarts} times`);
  if (lastError !== null) {
    const when = new Date(lastError.time * 1000).toISOString();
    printLine(`  failed ${errors} times, the last at ${when}: ${lastError.message}`);
  }
  for (const warning of [source.warning, source.behind, source.silent]) {
    if (warning !== null) printLine(`  ! ${warning}`);
  }
}

function printJails(jails: Status['jails']): void {
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
      String(active),
    ]),
  );
}

/** `drop`, `reject 80/tcp`, `drop 8080/tcp (published)`. */
function describeAction(policy: string, ports: string): string {
  const [action = ''] = policy.split(' ', 1);
  if (policy.includes(' published ')) return `${action} ${ports} (published)`;
  return ports === 'all' ? action : `${action} ${ports}`;
}
