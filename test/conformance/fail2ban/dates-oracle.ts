import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A stock filter with one set of options, and the lines of its sample log. */
export interface StockDates {
  readonly filter: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly datepattern: string | null;
  readonly lines: readonly string[];
}

/** A line, and the present in seconds when it is read. */
export type TimedLine = readonly [line: string, now: number];

export interface FoundDate {
  readonly cut: readonly [from: number, to: number];
  /** Seconds: two where the clock shows one time twice, none where fail2ban cannot read it. */
  readonly times: readonly number[];
}

/** What is found in a line; `failed`: a date at its very end, which fail2ban fails on. */
export type Answer = FoundDate | null | 'endless' | 'failed';

export type FoundDates = { readonly error: string } | { readonly dates: readonly Answer[] };

export interface DateRequest {
  readonly datepattern: string | null;
  readonly logtimezone: string | null;
  readonly lines: readonly TimedLine[];
}

/** The zone of the machine that fail2ban runs on here, as in its own tests. */
export const machineZone = 'Europe/Zurich';

/** Debian's fail2ban in a Python of its own (dates-oracle.py), which finds dates. */
export class DateOracle {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    const script = new URL('dates-oracle.py', import.meta.url).pathname;
    // Debian's own Python, which has its packages.
    this.#child = spawn(process.env['FAIL2BAN_PYTHON'] ?? '/usr/bin/python3', ['-B', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TZ: machineZone },
    });
    if (this.#child.stdout === null) throw new Error('no output');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** `year` is the one that decides what `%ExY` takes. */
  stock(): Promise<{ readonly year: number; readonly filters: readonly StockDates[] }> {
    return this.#ask({ op: 'stock' });
  }

  find(request: DateRequest): Promise<FoundDates> {
    return this.#ask({ op: 'find', ...request });
  }

  defaults(): Promise<readonly string[]> {
    return this.#ask({ op: 'defaults' });
  }

  close(): void {
    this.#child.stdin?.end();
  }

  /** One question at a time. */
  async #ask<T>(question: object): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('fail2ban gave no answer: is its Debian package installed?');
    return JSON.parse(value) as T;
  }
}
