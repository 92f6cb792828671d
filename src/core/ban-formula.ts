/** What an expression may refer to. */
export interface FormulaValues {
  /** The jail's ban time, in seconds. */
  readonly time: number;
  /** Bans of the address before this one. */
  readonly count: number;
  readonly factor: number;
}

export type Formula = (values: FormulaValues) => number;

const longestFormula = 1_000;
const deepest = 50;

/**
 * Reads a formula for ban times as fail2ban's `bantime.formula` has it: the part of Python that such formulas are made
 * of (numbers, `ban.Time`, `ban.Count`, `banFactor`, arithmetic, comparisons, `a if b else c`, `min`, `max` and some of
 * `math`). It is never run as code. @throws SyntaxError, with what was not understood
 */
export function parseFormula(text: string): Formula {
  if (text.length > longestFormula)
    throw new SyntaxError(`a formula has at most ${longestFormula} characters`);
  return new FormulaReader(text).read();
}

const token =
  /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_][\w.]*)|(<<|>>|<=|>=|==|!=|\*\*|\/\/|[-+*/%<>(),])|(\S))/gy;

const values: Readonly<Record<string, Formula>> = {
  'ban.Time': ({ time }) => time,
  'ban.Count': ({ count }) => count,
  banFactor: ({ factor }) => factor,
  'math.pi': () => Math.PI,
  'math.e': () => Math.E,
  True: () => 1,
  False: () => 0,
};

interface Callable {
  readonly least: number;
  readonly most: number;
  readonly run: (...args: number[]) => number;
}

const one = (run: (value: number) => number): Callable => ({ least: 1, most: 1, run });
const functions: Readonly<Record<string, Callable>> = {
  min: { least: 2, most: 20, run: Math.min },
  max: { least: 2, most: 20, run: Math.max },
  abs: one(Math.abs),
  float: one((value) => value),
  int: one(Math.trunc),
  round: one(Math.round),
  pow: { least: 2, most: 2, run: Math.pow },
  'math.pow': { least: 2, most: 2, run: Math.pow },
  'math.exp': one(Math.exp),
  'math.log': { least: 1, most: 2, run: (value, base = Math.E) => Math.log(value) / Math.log(base) },
  'math.log2': one(Math.log2),
  'math.log10': one(Math.log10),
  'math.sqrt': one(Math.sqrt),
  'math.floor': one(Math.floor),
  'math.ceil': one(Math.ceil),
};

type Operation = (a: number, b: number) => number;

/** From the loosest to the tightest; those of one level are taken from the left. Numbers have no bits here: shifts multiply. */
const levels: readonly Readonly<Record<string, Operation>>[] = [
  {
    '<': (a, b) => Number(a < b),
    '>': (a, b) => Number(a > b),
    '<=': (a, b) => Number(a <= b),
    '>=': (a, b) => Number(a >= b),
    '==': (a, b) => Number(a === b),
    '!=': (a, b) => Number(a !== b),
  },
  { '<<': (a, b) => a * 2 ** b, '>>': (a, b) => Math.floor(a / 2 ** b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  {
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '//': (a, b) => Math.floor(a / b),
    '%': (a, b) => a - b * Math.floor(a / b),
  },
];

class FormulaReader {
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    for (const [, number, name, sign, other] of text.matchAll(token)) {
      if (other !== undefined) throw new SyntaxError(`"${other}" means nothing in a formula`);
      this.#tokens.push(number ?? name ?? sign ?? '');
    }
  }

  read(): Formula {
    const formula = this.#conditional();
    const rest = this.#peek();
    if (rest !== undefined) throw new SyntaxError(`"${rest}" is not expected there`);
    return formula;
  }

  /** `a if b else c`. */
  #conditional(): Formula {
    if (++this.#depth > deepest) throw new SyntaxError('a formula is nested too deeply');
    const then = this.#disjunction();
    this.#depth--;
    if (!this.#take('if')) return then;
    const condition = this.#disjunction();
    if (!this.#take('else')) throw new SyntaxError('"if" has no "else"');
    const otherwise = this.#conditional();
    return (given) => (condition(given) === 0 ? otherwise(given) : then(given));
  }

  #disjunction(): Formula {
    let left = this.#conjunction();
    while (this.#take('or')) {
      const [first, second] = [left, this.#conjunction()];
      left = (given) => first(given) || second(given);
    }
    return left;
  }

  #conjunction(): Formula {
    let left = this.#negation();
    while (this.#take('and')) {
      const [first, second] = [left, this.#negation()];
      left = (given) => first(given) && second(given);
    }
    return left;
  }

  #negation(): Formula {
    let negated = false;
    while (this.#take('not')) negated = !negated;
    const operand = this.#level(0);
    return negated ? (given) => Number(operand(given) === 0) : operand;
  }

  #level(index: number): Formula {
    const operations = levels[index];
    if (operations === undefined) return this.#signed();
    let left = this.#level(index + 1);
    for (
      let sign = this.#peek();
      sign !== undefined && Object.hasOwn(operations, sign);
      sign = this.#peek()
    ) {
      this.#at++;
      const [first, second, operation] = [left, this.#level(index + 1), operations[sign]];
      if (operation !== undefined) left = (given) => operation(first(given), second(given));
    }
    return left;
  }

  #signed(): Formula {
    let sign = 1;
    for (;;) {
      if (this.#take('-')) sign = -sign;
      else if (!this.#take('+')) break;
    }
    const operand = this.#power();
    return sign > 0 ? operand : (given) => -operand(given);
  }

  /** Its right side comes first, and may have a sign. */
  #power(): Formula {
    const base = this.#atom();
    if (!this.#take('**')) return base;
    if (++this.#depth > deepest) throw new SyntaxError('a formula is nested too deeply');
    const exponent = this.#signed();
    this.#depth--;
    return (given) => base(given) ** exponent(given);
  }

  #atom(): Formula {
    const found = this.#tokens[this.#at++];
    if (found === undefined) throw new SyntaxError('the formula ends too early');
    if (found === '(') {
      const inner = this.#conditional();
      this.#expect(')');
      return inner;
    }
    if (/^[\d.]/.test(found)) {
      const number = Number(found);
      return () => number;
    }
    const callable = Object.hasOwn(functions, found) ? functions[found] : undefined;
    if (callable !== undefined) return this.#call(found, callable);
    const value = Object.hasOwn(values, found) ? values[found] : undefined;
    if (value === undefined) throw new SyntaxError(`"${found}" is not known`);
    return value;
  }

  #call(name: string, { least, most, run }: Callable): Formula {
    this.#expect('(');
    const args = [this.#conditional()];
    while (this.#take(',')) args.push(this.#conditional());
    this.#expect(')');
    if (args.length < least || args.length > most) throw new SyntaxError(`${name} takes other arguments`);
    return (given) => run(...args.map((arg) => arg(given)));
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new SyntaxError(`"${text}" is missing`);
  }
}
