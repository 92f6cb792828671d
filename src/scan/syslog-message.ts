import { rfc3339Seconds } from './rfc3339.ts';

/** What a syslog message says. Text is one character a byte. */
export interface SyslogMessage {
  /** As the message names it, else who sent it. */
  readonly host: string;
  /** `-`: the message names none. */
  readonly program: string;
  /** Process id, or ''. */
  readonly process: string;
  readonly text: string;
  /** Seconds since the epoch, where the message has a time with a zone; else null. */
  readonly time: number | null;
}

/** `<PRI>`; Docker's driver puts a space behind it. */
const priority = /^<(?:\d{1,2}|1[0-8]\d|19[01])> ?/;

/** RFC 5424, section 6: version, time, host, program, process, message id, up to the structured data. */
const header5424 = /^1 (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,64})(?: |$)/;

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const clock = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const bsdDate = String.raw`${month} {1,2}\d{1,2} (?:\d{4} )?${clock}(?: \d{4}\b)?`;
const isoDate = String.raw`\d{4}-\d\d-\d\d[T ]${clock}(?:Z|[+-]\d\d:?\d\d)?`;
/**
 * The date of RFC 3164, or of ISO 8601, as rsyslog and Docker write it. Cisco counts its messages, may name the
 * host next, marks a clock that is not set with a star or a dot, and puts a zone and a colon behind.
 */
const dated = new RegExp(
  `^(?:\\d{1,10}: )?(?:([\\w.-]{1,255}): )?[*.]?(${bsdDate}|${isoDate})(?:(?: [A-Z]{3,5})?:)?(?: |$)`,
);

/** `sshd[123]: `, `kernel: `, `%SYS-5-CONFIG_I: `. */
const tag = String.raw`([^\s:[\]]{1,128})(?:\[([^\s\]]{1,128})\]:|:(?= |$)) ?`;
const tagOnly = new RegExp(`^${tag}`);
/** Cisco's firewalls set a colon apart. */
const hostAndTag = new RegExp(String.raw`^(\S{1,255}) (?:: )?${tag}`);
const hostOnly = /^(\S{1,255}) /;

/** The space behind the header, a byte order mark, and the space that rsyslog keeps from the message of RFC 3164. */
const textStart = /^ ?(?:\u00ef\u00bb\u00bf)? ?/;

/**
 * Reads a message of RFC 5424 or 3164, or what is sent in its place. Whatever is missing is tolerated: then
 * more of the message is text. Takes a time in proportion to the message's length.
 */
export function readSyslogMessage(message: string, sender: string): SyslogMessage {
  const start = priority.exec(message)?.[0].length ?? 0;
  const body = message.slice(start);
  return read5424(body, sender) ?? read3164(body, sender);
}

function read5424(body: string, sender: string): SyslogMessage | null {
  const match = header5424.exec(body);
  if (match === null) return null;
  const [whole, timestamp = '-', host = '-', program = '-', process = '-'] = match;
  const data = structuredDataEnd(body, whole.length);
  const text = body.slice(data).replace(textStart, '');
  return {
    host: host === '-' ? sender : host,
    program,
    process: process === '-' ? '' : process,
    text,
    time: rfc3339Seconds(timestamp),
  };
}

/** Where structured data that begins at `at` ends; `at` itself where there is none. */
function structuredDataEnd(body: string, at: number): number {
  if (body[at] === '-') return at + 1;
  let end = at;
  while (body[end] === '[') {
    const next = elementEnd(body, end + 1);
    if (next < 0) return at;
    end = next;
  }
  return end;
}

/** Behind the bracket that ends an element; in quotes a backslash takes its meaning from a bracket or a quote. Negative: none does. */
function elementEnd(body: string, from: number): number {
  let quoted = false;
  for (let at = from; at < body.length; at++) {
    const character = body[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (character === ']' && !quoted) return at + 1;
  }
  return -1;
}

function read3164(body: string, sender: string): SyslogMessage {
  const date = dated.exec(body);
  const [whole = '', origin = sender, timestamp = ''] = date ?? [];
  const rest = body.slice(whole.length);
  const time = rfc3339Seconds(timestamp);
  const byTag = tagOnly.exec(rest);
  if (byTag !== null) return { host: origin, time, ...tagged(rest, byTag[0], byTag[1], byTag[2]) };
  // Without a date nothing says that a word is a host.
  const both = date === null ? null : hostAndTag.exec(rest);
  if (both !== null) return { host: both[1] ?? sender, time, ...tagged(rest, both[0], both[2], both[3]) };
  const host = date === null ? null : hostOnly.exec(rest);
  return {
    host: host?.[1] ?? origin,
    program: '-',
    process: '',
    text: rest.slice(host?.[0].length ?? 0),
    time,
  };
}

function tagged(rest: string, head: string, program = '-', process = '') {
  return { program, process, text: rest.slice(head.length) };
}
