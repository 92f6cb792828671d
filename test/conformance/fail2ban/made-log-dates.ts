/** A line in two parts: up to its date's end, and what follows. */
export interface DatedLine {
  readonly head: string;
  readonly rest: string;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const monthName = `(?:${months.join('|')})`;
const weekday = `(?:${weekdays.join('|')})`;

/** Central Europe's in winter: of all dates that name no zone. */
export const zoneName = 'Europe/Zurich';
const ownOffset = 60;

type Write = (at: Wall, found: string) => string;

/** How sample logs write dates, and how another time is written so. What stands behind, as a zone, stays. */
const forms: readonly (readonly [expression: RegExp, write: Write])[] = [
  [
    new RegExp(`${weekday} ${monthName} {1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? \\d{4}`),
    (at, found) => `${at.weekday} ${at.month} ${at.day} ${at.clock}${fraction(found)} ${at.year}`,
  ],
  [
    new RegExp(`\\d\\d/${monthName}/\\d{4}:\\d\\d:\\d\\d:\\d\\d`),
    (at) => `${at.day}/${at.month}/${at.year}:${at.clock}`,
  ],
  [
    new RegExp(`\\d\\d-${monthName}-\\d{4} \\d\\d:\\d\\d:\\d\\d`),
    (at) => `${at.day}-${at.month}-${at.year} ${at.clock}`,
  ],
  [
    /\d{4}([-/.])\d\d\1\d\d[T ]+\d\d:\d\d:\d\d/,
    (at, found) =>
      found.replace(
        /^\d{4}(.)\d\d.\d\d([T ]+).*/,
        (_all, by: string, gap: string) => `${at.year}${by}${at.monthNumber}${by}${at.day}${gap}${at.clock}`,
      ),
  ],
  [
    new RegExp(`${monthName} {1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d`),
    (at) => `${at.month} ${at.day} ${at.clock}`,
  ],
  [
    /(?<!\d)\d{6} {1,2}\d{1,2}:\d\d:\d\d/,
    (at) => `${String(at.year).slice(2)}${at.monthNumber}${at.day} ${at.clock}`,
  ],
  [/@4[\da-f]{23}/, (at, found) => `@${(2n ** 62n + BigInt(at.epoch)).toString(16)}${found.slice(17)}`],
  [/(?<![\d.])1[0-5]\d{8}(?=\.\d{3}\b|\])/, (at) => String(at.epoch)],
];

class Wall {
  readonly epoch: number;
  readonly #date: Date;

  constructor(seconds: number, offset: number) {
    this.epoch = Math.floor(seconds);
    this.#date = new Date((this.epoch + offset * 60) * 1_000);
  }

  get year(): number {
    return this.#date.getUTCFullYear();
  }

  get monthNumber(): string {
    return String(this.#date.getUTCMonth() + 1).padStart(2, '0');
  }

  get month(): string {
    return months[this.#date.getUTCMonth()] ?? '';
  }

  get day(): string {
    return String(this.#date.getUTCDate()).padStart(2, '0');
  }

  get weekday(): string {
    return weekdays[this.#date.getUTCDay()] ?? '';
  }

  get clock(): string {
    return this.#date.toISOString().slice(11, 19);
  }
}

function fraction(found: string): string {
  return /\.\d+/.exec(found)?.[0] ?? '';
}

/** A time of day; of a fingerprint it is a part. */
const clock = /(?<![\w:])\d{1,2}:\d\d:\d\d(?![\w:])/;

/**
 * The line with a time, in seconds, for its date. A second date becomes the same one. Null where there are two and none
 * begins the line, since which of them is found depends on the lines before, and where a date is written in a way that
 * is not known here: times would go back and forth.
 */
export function withDate(line: string, seconds: number): DatedLine | null {
  const found = firstDate(line);
  if (found === null) return clock.test(line) ? null : { head: '', rest: line };
  const { at, text, write } = found;
  // A zone before the date.
  if (/[A-Z]{3} $/.test(line.slice(0, at))) return null;
  const behind = line.slice(at + text.length);
  const tail = /^(?:[.,]\d+)?(?: ?(?:[+-]\d\d:?\d\d|Z\b))?/.exec(behind)?.[0] ?? '';
  const head = line.slice(0, at) + write(new Wall(seconds, offsetIn(behind)), text) + tail;
  const further = withDate(behind.slice(tail.length), seconds);
  if (further === null || (further.head !== '' && at > 1)) return null;
  return { head: head + further.head, rest: further.rest };
}

function firstDate(line: string): { at: number; text: string; write: Write } | null {
  const found = forms.flatMap(([expression, write]) => {
    const match = expression.exec(line);
    return match === null ? [] : [{ at: match.index, text: match[0], write }];
  });
  return found.toSorted((one, other) => one.at - other.at)[0] ?? null;
}

/** Minutes ahead of UTC that a date names behind itself. */
function offsetIn(rest: string): number {
  const [, zone, sign, hours = '0', minutes = '0'] =
    /^(?:[.,]\d+)?(?: ?(Z\b|([+-])(\d\d):?(\d\d)))/.exec(rest) ?? [];
  if (zone === undefined) return ownOffset;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
