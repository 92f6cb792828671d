import type { Random } from '../../fuzz/random.ts';
import { withDate } from './made-log-dates.ts';

/** A line of a sample log, with the user that its annotation names. */
export interface Sample {
  readonly text: string;
  readonly user: string | undefined;
}

export interface LogSources {
  /** The sample log of the filter, in its order: neighbours may be of one session. */
  readonly own: readonly [Sample, ...Sample[]];
  /** Lines of other services. */
  readonly others: readonly [Sample, ...Sample[]];
}

/** Seconds between two lines, at most: so that sessions end by their number before they end by their age. */
const longestPause = 1;
/** Bytes of a line; ours judges the first 64 KiB alone. */
const longestLine = 4_096;
/** Sample lines that may be taken together. */
const longestRun = 6;

/**
 * A log of so many lines, each with its newline: runs of sample lines with other addresses, users, processes and dates,
 * a few runs entangled, some lines changed at random, and lines of other services between them. Dates rise.
 */
export function* madeLog(
  { own, others }: LogSources,
  count: number,
  start: number,
  random: Random,
): Generator<Buffer> {
  let seconds = start;
  const numbers = new Numbers();
  const open: Run[] = [new Run(own, random, numbers)];
  for (let line = 0; line < count; ) {
    seconds += random.below(longestPause * 1_000) / 1_000;
    const kind = random.below(20);
    const sample = kind < 3 ? new Run(others, random, numbers).next() : nextOf(open, own, random, numbers);
    const made = withDate(sample, seconds);
    if (made === null) continue;
    const text = kind < 8 ? made.head + changed(made.rest, random) : made.head + made.rest;
    yield lineOf(text);
    line++;
  }
}

/** The next line of one of a few runs that are under way at once, as connections are. */
function nextOf(open: Run[], own: LogSources['own'], random: Random, numbers: Numbers): string {
  const at = random.below(open.length);
  const run = open[at];
  if (run === undefined || run.isOver) {
    open[at] = new Run(own, random, numbers);
    if (open.length < 4 && random.below(2) === 0) open.push(new Run(own, random, numbers));
    return nextOf(open, own, random, numbers);
  }
  return run.next();
}

/** Of processes and ports: counted up, so that none comes back after its session ended by age. */
class Numbers {
  #last = 1_000;

  next(): string {
    return String(++this.#last);
  }
}

/** Sample lines that follow each other, in which the same address, process and user become the same others. */
class Run {
  readonly #samples: readonly Sample[];
  readonly #random: Random;
  readonly #numbers: Numbers;
  readonly #replaced = new Map<string, string>();
  #at = 0;

  constructor(samples: LogSources['own'], random: Random, numbers: Numbers) {
    const from = random.below(samples.length);
    this.#samples = samples.slice(from, from + 1 + random.below(longestRun));
    this.#random = random;
    this.#numbers = numbers;
  }

  get isOver(): boolean {
    return this.#at >= this.#samples.length;
  }

  next(): string {
    const { text, user } = this.#samples[this.#at++] ?? { text: '', user: undefined };
    const named = user === undefined || user.length < 3 ? text : text.replaceAll(user, this.#user(user));
    return named.replace(varied, (part) =>
      this.#same(part, () => variant(part, this.#random, this.#numbers)),
    );
  }

  #user(user: string): string {
    return this.#same(`user ${user}`, () => this.#random.pick(users));
  }

  #same(part: string, make: () => string): string {
    const known = this.#replaced.get(part) ?? make();
    this.#replaced.set(part, known);
    return known;
  }
}

/** Addresses, processes in brackets, ports. */
const varied =
  /(?<![\w.:-])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|2001:[\da-f:]+(?![\w.:]))|(?<=\[)\d{1,7}(?=\])|(?<=port )\d+/g;
const users = [
  'root',
  'admin',
  'x',
  'jo.doe',
  'jo doe',
  "o'hara",
  'ünal',
  'from',
  '10.0.0.1',
  '',
  'a b from c',
] as const;

function variant(part: string, random: Random, numbers: Numbers): string {
  const byte = () => random.below(256);
  if (part.includes('.'))
    return random.below(4) === 0 ? part : `${1 + random.below(223)}.${byte()}.${byte()}.${byte()}`;
  if (part.includes(':')) return `2001:db8::${byte().toString(16)}:${byte().toString(16)}`;
  return numbers.next();
}

const odd = [
  ...[
    '\xff',
    '\xc3',
    '\x1c',
    '\x85',
    '\u2028',
    '\u00a0',
    '\u0130',
    '\u017f',
    '😀',
    '\t',
    '\x1b[2J',
    '\r',
    '\0',
  ],
  ...[
    ' 203.0.113.7 ',
    ' 2001:db8::7 ',
    '[::ffff:203.0.113.7]',
    'example.org',
    '999.1.1.1',
    ' from 198.51.100.1',
    ': ',
  ],
  ...['"', "'", '(', ')', '[', ']', '<', '>', '%', '\\', ', ', ' for ', ' user ', ' port 22', ' [preauth]'],
] as const;

/** What stands behind the date, changed in one to three places: cut, doubled, with something put in, or in capitals. */
function changed(text: string, random: Random): string {
  let result = text;
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(result.length + 1);
    const to = Math.min(result.length, at + random.below(30));
    const [before, span, after] = [result.slice(0, at), result.slice(at, to), result.slice(to)];
    switch (random.below(7)) {
      case 0:
        result = before;
        break;
      case 1:
        result = before + span + span + after;
        break;
      case 2:
        result = before + after;
        break;
      case 3:
        result = before + span.toUpperCase() + after;
        break;
      case 4:
        result = `${before} ${span} ${after}`;
        break;
      default:
        result = before + random.pick(odd as unknown as readonly [string, ...string[]]) + span + after;
    }
  }
  return result;
}

/** A lone byte above ASCII stands for itself, so that some lines are not UTF-8. */
function lineOf(text: string): Buffer {
  const parts = text.replaceAll('\n', ' ').split(/([\xc3\xff])/);
  const bytes = Buffer.concat(
    parts.map((part) => Buffer.from(part, /^[\xc3\xff]$/.test(part) ? 'latin1' : 'utf8')),
  );
  return Buffer.concat([bytes.subarray(0, longestLine), Buffer.from('\n')]);
}
