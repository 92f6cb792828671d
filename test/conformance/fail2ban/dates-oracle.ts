import { PythonOracle } from './python-oracle.ts';

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
export class DateOracle extends PythonOracle {
  constructor() {
    super('dates-oracle.py', { TZ: machineZone });
  }

  /** `year` is the one that decides what `%ExY` takes. */
  stock(): Promise<{ readonly year: number; readonly filters: readonly StockDates[] }> {
    return this.ask({ op: 'stock' });
  }

  find(request: DateRequest): Promise<FoundDates> {
    return this.ask({ op: 'find', ...request });
  }

  defaults(): Promise<readonly string[]> {
    return this.ask({ op: 'defaults' });
  }
}
