import { PythonOracle } from './python-oracle.ts';

/** A stock filter with one set of options; `texts` are the lines of its sample log as fail2ban searches them. */
export interface StockFilter {
  readonly filter: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly multiline: boolean;
  readonly prefregex: readonly string[];
  readonly failregex: readonly string[];
  readonly ignoreregex: readonly string[];
  readonly texts: readonly string[];
}

export type Span = readonly [from: number, to: number];

export interface Match {
  readonly span: Span;
  readonly groups: Readonly<Record<string, Span | null>>;
}

/** `error`: fail2ban refuses the expression. */
export type Matches =
  | { readonly error: string }
  | { readonly matches: readonly (Match | null | 'endless')[] };

export interface MatchRequest {
  readonly expression: string;
  readonly names: boolean;
  readonly multiline: boolean;
  readonly texts: readonly string[];
}

/** Code points, with all that are known between them. */
export type Run = readonly [first: number, last: number];

/** Debian's fail2ban in a Python of its own (oracle.py). */
export class Oracle extends PythonOracle {
  constructor() {
    super('oracle.py');
  }

  stock(): Promise<readonly StockFilter[]> {
    return this.ask({ op: 'stock' });
  }

  match(request: MatchRequest): Promise<Matches> {
    return this.ask({ op: 'match', ...request });
  }

  /** The code points that its Unicode knows, in their order. */
  known(): Promise<readonly number[]> {
    return this.ask({ op: 'known' });
  }

  /** Of these, those that a Python expression matches, in runs of such as follow each other. */
  characters(pattern: string): Promise<readonly Run[]> {
    return this.ask({ op: 'characters', pattern });
  }

  /** Code points that have another case, each with those that it matches where case is ignored. */
  cases(): Promise<readonly (readonly [code: number, found: readonly number[]])[]> {
    return this.ask({ op: 'cases' });
  }
}
