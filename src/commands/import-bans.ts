import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { quote } from '../config/show.ts';
import { type ImportAnswer, type ImportedBan, mostImported } from '../control/protocol.ts';
import { BailiffError } from '../core/errors.ts';
import { readFail2banBans, type UnusableBan } from '../ledger/fail2ban-bans.ts';
import { shortfalls } from './ban.ts';
import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

/** So many of those who are not imported are named, of each kind. */
const mostNamed = 20;

/** What became of them; the command's JSON. */
interface Report {
  imported: number;
  already: number;
  ended: number;
  protected: number;
  unusable: number;
  /** Some of the protected and the unusable. */
  readonly named: { readonly address: string; readonly jail: string; readonly reason: string }[];
  readonly unknownJails: Record<string, number>;
  /** null: there was nothing to import. */
  state: ImportAnswer['state'] | null;
  stored: boolean;
}

/**
 * `bailiff import bans FILE`: hands the bans of fail2ban's database, or of an export, to the daemon, some at a time. To do
 * it again does no harm.
 * @throws BailiffError fail2ban-bans-unreadable, bans-unreadable, daemon-unreachable, also after a part of them
 */
export async function importBansCommand(options: { readonly file: string; readonly json?: true }) {
  const report: Report = {
    imported: 0,
    already: 0,
    ended: 0,
    protected: 0,
    unusable: 0,
    named: [],
    unknownJails: {},
    state: null,
    stored: true,
  };
  try {
    for await (const { bans, unusable } of bansIn(options.file)) {
      addUnusable(report, unusable);
      for (const some of inRequests(bans)) addAnswer(report, await daemon().importBans({ bans: some }));
    }
  } catch (error) {
    throw report.imported === 0 ? error : afterSome(error, report.imported);
  }
  if (options.json) printJson(report);
  else describe(report);
}

interface SomeBans {
  readonly bans: readonly ImportedBan[];
  readonly unusable: readonly UnusableBan[];
}

/** Of a database of fail2ban's, else of a file of `export bans`, or of standard input (`-`). */
async function* bansIn(file: string): AsyncGenerator<SomeBans> {
  const text = file === '-' ? await textOf(process.stdin) : await jsonIn(file);
  if (text !== null) {
    const { readExportedBans } = await import('./exported-bans.ts');
    yield readExportedBans(text, file);
    return;
  }
  for (const { standing, ended, unusable } of readFail2banBans(file, Date.now() / 1000)) {
    // Those that are over go along for their count, which makes later bans longer.
    yield { bans: [...ended, ...standing], unusable };
  }
}

/** The text of a file of JSON; null: it is none, or not there, which the database's reader has better words for. */
async function jsonIn(file: string): Promise<string | null> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return null;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const begin = buffer.subarray(0, bytesRead).toString('latin1').trimStart();
    return begin.startsWith('{') || begin.startsWith('[') ? await handle.readFile('utf8') : null;
  } catch {
    return null;
  }
}

function* inRequests(bans: readonly ImportedBan[]): Generator<readonly ImportedBan[]> {
  for (let at = 0; at < bans.length; at += mostImported) yield bans.slice(at, at + mostImported);
}

function addUnusable(report: Report, unusable: readonly UnusableBan[]): void {
  const some = unusable.slice(0, Math.max(0, mostNamed - report.unusable));
  report.named.push(...some.map(({ id, jail, why }) => ({ address: id, jail, reason: why })));
  report.unusable += unusable.length;
}

function addAnswer(report: Report, answer: ImportAnswer): void {
  report.imported += answer.imported;
  report.already += answer.already;
  report.ended += answer.ended;
  report.named.push(...answer.protected.slice(0, Math.max(0, mostNamed - report.protected)));
  report.protected += answer.protected.length;
  for (const [jail, bans] of Object.entries(answer.unknownJails)) {
    report.unknownJails[jail] = (report.unknownJails[jail] ?? 0) + bans;
  }
  report.state = answer.state;
  report.stored = answer.stored;
}

function afterSome(error: unknown, imported: number): unknown {
  if (!(error instanceof BailiffError)) return error;
  const { code, message, where, remedy, cause } = error;
  return new BailiffError(code, `${message}; ${imported} bans before that are imported`, {
    ...(where === undefined ? {} : { where }),
    ...(remedy === undefined ? {} : { remedy }),
    cause,
  });
}

function describe(report: Report): void {
  const { imported, already, ended, unusable, named, unknownJails, state, stored } = report;
  printLine(`${imported} bans are imported.`);
  if (already > 0) printLine(`${already} were banned already.`);
  if (ended > 0) printLine(`${ended} were over.`);
  if (report.protected > 0) printLine(`${report.protected} are protected, and are not banned.`);
  if (unusable > 0) printLine(`${unusable} are no bans of addresses.`);
  for (const { address, jail, reason } of named) {
    printLine(`  ${quote(address)} of ${quote(jail)}: ${reason}`);
  }
  if (named.length < report.protected + unusable) printLine('  and others');
  const unknown = Object.entries(unknownJails).map(([jail, bans]) => `${jail} (${bans})`);
  if (unknown.length > 0) {
    printLine(`These jails are not here: ${unknown.join(', ')}.`);
    printLine('Their bans hold all the same, for all ports, until their time is over.');
  }
  if (!stored) printLine('But they cannot be stored, and a restart would forget them: see `bailiff status`.');
  const shortfall = state === null ? null : shortfalls[state];
  if (shortfall !== null) printLine(`But ${shortfall}: \`bailiff status\` says more.`);
}
