/**
 * Every error that a person may see. A code is listed once, never reused, and documented in
 * docs/errors.md, which is generated from this table.
 */
export const errorCodes = {
  'config-unreadable': 'A configuration file could not be read.',
  'config-syntax': 'A configuration file is not valid YAML.',
  'config-invalid': 'A configuration value is not what its key takes.',
  'config-unknown-key': 'A configuration key does not exist.',
  'config-unknown-jail': 'A jail was asked for whose filter does not exist.',
  'fail2ban-unreadable': "A file of fail2ban's configuration could not be read.",
  'fail2ban-syntax': "A line of fail2ban's configuration is none that its files may hold.",
  'fail2ban-invalid':
    "A value of fail2ban's configuration is not what its option takes, or refers to nothing.",
  'config-no-source': 'A jail has nothing to read.',
  'address-invalid': 'Text that should be an IP address or a range is not one.',
  'address-protected':
    'The address must never be banned: it is your own, a gateway, a container network, a trusted proxy, logged in over SSH, or on an ignore list.',
  'duration-invalid': 'Text that should be a duration is not one.',
  'filter-not-found': 'No filter has this name.',
  'filter-invalid': 'A filter file is not a valid filter.',
  'filter-mode': 'A filter has no such mode.',
  'filter-sample': 'A filter does not yield what its own sample says.',
  'jail-not-found': 'No jail has this name.',
  'notifier-not-found': 'No notifier has this name.',
  'ledger-unusable': 'The database of bans could not be opened or written.',
  'ledger-in-use': 'Another daemon uses the database of bans.',
  'ledger-newer': 'The database of bans was written by a newer Bailiff.',
  'ledger-damaged': 'The database of bans makes no sense any more.',
  'enforcement-failed': 'The packet filter refused a change.',
  'journal-unreadable': "The host's journal could not be read.",
  'docker-unreachable': 'The Docker API did not answer.',
  'kubernetes-unreachable': 'The Kubernetes API did not answer, or refused to.',
  'container-log-unreadable': 'A log file inside a container could not be read.',
  'import-unwritable':
    'The file that an import or an export makes could not be written, or is there already.',
  'fail2ban-bans-unreadable': "The database of fail2ban's bans could not be read.",
  'bans-unreadable': 'A file of exported bans could not be read.',
  'fail2ban-log-unwritable': "The log in fail2ban's format could not be written.",
  'daemon-unreachable': 'The daemon did not answer on its control socket.',
  'control-unusable': 'The control socket could not be opened.',
  'daemon-running': 'Another daemon holds the control socket.',
  'request-invalid': 'The daemon was asked for something it does not know.',
  'request-not-found': 'The API has no such path.',
  'request-method': 'A path of the API does not take this method.',
  'request-type': 'The body of a request is not said to be JSON.',
  'request-too-large': 'A request is longer than any that means something.',
  'request-slow': 'A request did not come in time.',
  'request-unauthorized': 'A request over TCP brought no token, or a wrong one.',
  'request-forbidden':
    'A request may not be made so: the token is for reading, a web page asks, or the Host header names something else.',
  'jail-configured': "The jail is the configuration's, and is changed there.",
  'jails-unwritable': 'The file of the jails that were added over the API could not be written.',
  usage: 'The command line is not valid.',
  internal: 'Bailiff itself is at fault.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDetails {
  /** Where it happened: file:line:column, a jail, a container, a command. */
  readonly where?: string;
  /** What the reader can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** The one error class: a stable code, what happened, where, and what to do about it. */
export class BailiffError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BailiffError';
    this.code = code;
    this.where = details.where;
    this.remedy = details.remedy;
  }

  /** One line (or two) for a person: where, what, and the remedy. */
  describe(): string {
    const where = this.where === undefined ? '' : `${this.where}: `;
    const remedy = this.remedy === undefined ? '' : `\n  ${this.remedy}`;
    return `${where}${this.message} [${this.code}]${remedy}`;
  }
}

/** The message of anything thrown, for a log line or an error's text. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof BailiffError) return thrown.describe();
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The same on one line. */
export function messageLine(thrown: unknown): string {
  return messageOf(thrown).replaceAll(/\s*\n\s*/g, ' ');
}

/** What `make` returns, or the error of ours that it throws. */
export function orError<T>(make: () => T): T | BailiffError {
  try {
    return make();
  } catch (error) {
    if (error instanceof BailiffError) return error;
    throw error;
  }
}
