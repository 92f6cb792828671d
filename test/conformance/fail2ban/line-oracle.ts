import { PythonOracle } from './python-oracle.ts';

export interface LineRequest {
  /** `name[option=value]` */
  readonly filter: string;
  readonly file: string;
  /** What is taken for the present, in seconds. */
  readonly now: number;
}

/** A hit: the line's number, from 1, the time in seconds, and how many lines of the session were merged into it. */
export type LineHit = readonly [line: number, host: string, time: number, attempts: number];

export interface LineHits {
  readonly hits: readonly LineHit[];
  /** The lines on which fail2ban fails, and which it judges not at all. */
  readonly failed: readonly number[];
}

/** Debian's fail2ban in a Python of its own (line-oracle.py), which judges logs as fail2ban-regex does. */
export class LineOracle extends PythonOracle {
  constructor(timeZone: string) {
    super('line-oracle.py', { TZ: timeZone });
  }

  hits(request: LineRequest): Promise<LineHits> {
    return this.ask({ op: 'hits', ...request });
  }
}
