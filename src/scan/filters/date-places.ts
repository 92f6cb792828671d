/**
 * Where in a line a date is looked for. Only at places that the logging program writes itself, before
 * anything that a client may have chosen: a client that chooses the date of its line makes its attempts too
 * old to count.
 */

/** What programs write before the date at a line's start. */
const prefixes = [
  // Syslog's priority, and RFC 5424's version; Mumble: <W>
  String.raw`<[\dA-Z]{1,3}>(?:1 )?`,
  // Redis: process and role
  String.raw`\d{1,10}:[A-Z] `,
  // qBittorrent: (W)
  String.raw`\([A-Z]\) `,
  '(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE):? {1,4}(?=[[\\d])',
  // Ruby's Logger: I, [2026-11-22T16:02:01.123456 #7]
  String.raw`[DIWEFA], (?=\[)`,
  // logfmt
  '(?:time|timestamp|ts|t|date|datetime)="?',
  // auditd
  String.raw`type=[A-Z_0-9]{1,32} msg=audit\(`,
  String.raw`\[GIN(?:-debug)?\] `,
  String.raw`\[Nest\] \d{1,7} {1,4}- `,
];
/** A JSON object whose first member is the time, or follows a few that hold a single word; MongoDB: {"t":{"$date":" */
const objectStart = String.raw`\{(?:"\w{1,16}": ?(?:"\w{0,32}"|\d{1,9}), ?){0,3}"@?(?:t|ts|time|timestamp|date|datetime)": ?(?:\{"\$date": ?)?"?`;
const lineStart = new RegExp(String.raw`${objectStart}|\ufeff?\s{0,8}(?:${prefixes.join('|')})?\[?`, 'y');

/** Behind what stands before the date of a line that begins with it. */
export function startPlace(line: string): number {
  lineStart.lastIndex = 0;
  return lineStart.test(line) ? lineStart.lastIndex : 0;
}

/** An address, perhaps with a port. */
const address = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F]{0,4}:[\da-fA-F:.]{1,64})(?::\d{1,5})?`;
const host = String.raw`(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}(?::\d{1,5})?|[\w-]{1,63}:\d{1,5}|localhost)`;

/**
 * How the lines of access logs begin (CLF, with or without the virtual host, uWSGI, HAProxy): with the
 * client's address. What stands in other lines before a bracket may be a client's.
 */
const accessLine = new RegExp(
  String.raw`(?:[\w./-]{1,64}\[\d{1,10}\]: |\[pid: [\w|:/ -]{1,64}\] )?(?:${host} (?=- |${address} )|${address} )`,
  'y',
);

const longestHead = 1_024;

/**
 * The part of an access log's line in whose brackets the date stands: up to the first quote. Apache puts a
 * backslash before quotes that a client sent.
 */
export function headOfAccessLine(line: string): string | null {
  accessLine.lastIndex = 0;
  if (!accessLine.test(line)) return null;
  let quote = line.indexOf('"');
  while (quote > 0 && line[quote - 1] === '\\') quote = line.indexOf('"', quote + 1);
  return line.slice(0, quote < 0 ? longestHead : Math.min(quote, longestHead));
}

/** Whether the line is a JSON object: with its date cut out it might be none. */
export function isObject(line: string): boolean {
  return line.charCodeAt(0) === 0x7b;
}
