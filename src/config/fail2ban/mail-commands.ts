import type { ActionCommands } from './action-commands.ts';
import { isHelper } from './firewall-commands.ts';
import { type SimpleCommand, simpleCommands } from './shell-commands.ts';
import type { Fail2banAction } from './types.ts';

/** What an action mails. Values may hold `<fq-hostname>`. */
export interface MailUse {
  /** Addresses, or names of accounts. */
  readonly to: readonly string[];
  readonly sender: string | null;
  readonly senderName: string | null;
  /** Whose lines stand in the mail: the ban's, or those of all bans of the address in the jail or anywhere. */
  readonly evidence: 'none' | 'ban' | 'jail' | 'all-jails';
  readonly onStart: boolean;
  readonly onStop: boolean;
  readonly onRestored: boolean;
  /** `host` or `host:port` of fail2ban's smtp.py; null: where the owner's mails go. */
  readonly server: string | null;
  readonly user: string | null;
  readonly password: string | null;
}

const mailPrograms = new Set(
  'sendmail mail mailx Mail s-nail bsd-mailx msmtp ssmtp nullmailer-inject'.split(' '),
);
/** What mails are made with. */
const mailHelpers = new Set('whois geoiplookup file iconv'.split(' '));
const networkPrograms = new Set('curl wget http nsupdate apprise nc ncat socat ssh dig'.split(' '));
/** The one of fail2ban's own that tells another program by a file. */
const reportNames = new Set(['nginx-block-map']);

/** What an action mails to its own `dest`; null where it does more than that, or something else. */
export function mailUse(commands: ActionCommands): MailUse | null {
  const ban = commands.text('actionban', 'inet4');
  const start = commands.text('actionstart', 'inet4');
  const used = simpleCommands(ban === '' ? start : ban);
  const mails = used.some(({ program }) => mailPrograms.has(program));
  const known = ({ program }: SimpleCommand) => mailPrograms.has(program) || mailHelpers.has(program);
  const to = commands.value('dest');
  if (to === null || !mails || !used.every((command) => isHelper(command) || known(command))) return null;
  return {
    to: addressesOf(to),
    sender: commands.value('sender'),
    senderName: commands.value('sendername'),
    evidence: evidenceOf(ban),
    onStart: start !== '',
    onStop: commands.text('actionstop', 'inet4') !== '',
    onRestored: !commands.flag('norestored'),
    server: null,
    user: null,
    password: null,
  };
}

/** The same of fail2ban's module smtp.py; null for any other. */
export function mailOfModule({ name, properties }: Fail2banAction): MailUse | null {
  if (!/(?:^|\/)smtp\.py$/.test(name)) return null;
  const value = (option: string): string | null => properties.get(option)?.text ?? null;
  return {
    to: addressesOf(value('dest') ?? 'root'),
    sender: value('sender') ?? 'fail2ban',
    senderName: value('sendername') ?? 'Fail2Ban',
    evidence: evidenceByTag.get(value('matches') ?? '') ?? 'none',
    onStart: true,
    onStop: true,
    onRestored: false,
    server: value('host') ?? 'localhost',
    user: value('user'),
    password: value('password'),
  };
}

/** Whether a ban's command tells somebody else of it. */
export function isReport(name: string, ban: string): boolean {
  const tells = (program: string): boolean => networkPrograms.has(program) || mailPrograms.has(program);
  return reportNames.has(name) || simpleCommands(ban).some(({ program }) => tells(program));
}

const evidenceByTag: ReadonlyMap<string, MailUse['evidence']> = new Map([
  ['ipmatches', 'all-jails'],
  ['ipjailmatches', 'jail'],
  ['matches', 'ban'],
]);

function evidenceOf(ban: string): MailUse['evidence'] {
  for (const [tag, evidence] of evidenceByTag) if (ban.includes(`<${tag}>`)) return evidence;
  return /\bgrep\b[^\n]*\$?logpath\b/.test(ban) ? 'ban' : 'none';
}

function addressesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((address) => address !== '');
}
