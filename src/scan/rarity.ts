/** Words that logs of many programs have in most of their lines. */
const commonWords = [
  ...['HTTP', 'https?', 'GET', 'POST', 'request', 'referrer', 'status', 'method', 'host', 'server', 'client'],
  ...['from', 'for', 'to', 'by', 'with', 'in', 'on', 'at', 'of', 'the', 'and', 'is', 'not', 'no', 'a'],
  ...['user', 'session', 'connect', 'connection', 'port', 'address', 'ip', 'id', 'pid', 'name', 'type'],
  ...[
    'unknown',
    'found',
    'file',
    'open',
    'opened',
    'close',
    'closed',
    'start',
    'started',
    'disconnect',
    'disconnected',
  ],
  ...['info', 'notice', 'warn', 'warning', 'error', 'debug', 'level', 'time', 'date', 'msg', 'message'],
];
const commonWord = new RegExp(`(?<![a-z])(?:${commonWords.join('|')})(?![a-z])`, 'gi');

/** Longer texts are no rarer. */
const longest = 20;

/**
 * How rare a text is to be thought in logs; more is rarer. It grows with its length: a letter counts one, a digit half of
 * that, since numbers abound, and a mark, a space or a letter of a common word an eighth. A guess, which decides about
 * speed alone.
 */
export function rarityOf(text: string): number {
  const rest = text.replace(commonWord, '');
  const letters = countOf(rest, /\p{L}/gu);
  const digits = countOf(rest, /\d/g);
  return Math.min(letters + digits / 2 + (text.length - letters - digits) / 8, longest);
}

function countOf(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}
