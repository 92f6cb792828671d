const year = 365.25 * 86_400;

/** Seconds of each unit; fail2ban's words, of which `m` is a minute and `mo` a month. */
const units: readonly (readonly [words: string, seconds: number])[] = [
  ['s ss se sec second seconds', 1],
  ['m mm mi min minute minutes', 60],
  ['h hh ho hou hour hours', 3_600],
  ['d dd da day days', 86_400],
  ['w ww we wee week weeks', 604_800],
  ['mo mon month months', year / 12],
  ['y yy ye yea year years', year],
];

const secondsOf = new Map(
  units.flatMap(([words, seconds]) => words.split(' ').map((word) => [word, seconds])),
);

const token = /\s*(?:(\d+(?:\.\d*)?|\.\d+)(?:\s*([a-z]+))?|([-+*/()]))/giy;
/** Longer than any sum that somebody would write, and short enough for brackets within brackets. */
const longest = 200;

/**
 * Seconds of a time as fail2ban reads it: a sum of products of numbers with units (`1h 30m`, `1d12h`, `1year-6mo`,
 * `60*5`, `-1`). Null where it is none.
 */
export function fail2banSeconds(text: string): number | null {
  if (text.length > longest) return null;
  const tokens = tokensOf(text.trim());
  if (tokens === null) return null;
  const parser = new Expression(tokens);
  const value = parser.sum();
  return parser.ended && Number.isFinite(value) ? value : null;
}

type Token = number | string;

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const [whole, digits, unit, sign] = token.exec(text) ?? [];
    if (whole === undefined) return null;
    at += whole.length;
    if (sign !== undefined) {
      tokens.push(sign);
      continue;
    }
    const seconds = unit === undefined ? 1 : secondsOf.get(unit.toLowerCase());
    // A leading zero is an error in Python.
    if (seconds === undefined || /^0+[1-9]/.test(digits ?? '')) return null;
    // Two numbers side by side are added.
    if (typeof tokens.at(-1) === 'number') tokens.push('+');
    tokens.push(Number(digits) * seconds);
  }
  return tokens;
}

/** NaN stands for what is no expression. */
class Expression {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get ended(): boolean {
    return this.#at === this.#tokens.length;
  }

  sum(): number {
    let value = this.#product();
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const next = this.#product();
      value = sign === '+' ? value + next : value - next;
    }
    return value;
  }

  #product(): number {
    let value = this.#factor();
    for (let sign = this.#take('*', '/'); sign !== null; sign = this.#take('*', '/')) {
      const next = this.#factor();
      value = sign === '*' ? value * next : value / next;
    }
    return value;
  }

  #factor(): number {
    const sign = this.#take('+', '-', '(');
    if (sign === '+') return this.#factor();
    if (sign === '-') return -this.#factor();
    if (sign === '(') {
      const value = this.sum();
      return this.#take(')') === null ? Number.NaN : value;
    }
    const value = this.#tokens[this.#at];
    this.#at += 1;
    return typeof value === 'number' ? value : Number.NaN;
  }

  #take(...signs: readonly string[]): string | null {
    const next = this.#tokens[this.#at];
    if (typeof next !== 'string' || !signs.includes(next)) return null;
    this.#at += 1;
    return next;
  }
}
