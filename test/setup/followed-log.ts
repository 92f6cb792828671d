import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBatch } from '../../src/core/batch.ts';
import type { FilterDefinition } from '../../src/core/filter.ts';
import type { Encoding, LogRoot } from '../../src/core/types.ts';
import { compileFilter } from '../../src/scan/filters/compile.ts';
import { Judged } from '../../src/scan/judged.ts';
import { BatchMaker, type Output } from '../../src/scan/output.ts';
import { Scan } from '../../src/scan/scan.ts';
import { Tail } from '../../src/scan/tail.ts';

/** Judges lines such as `bad USER 203.0.113.7`. */
export const badFilter: FilterDefinition = {
  kind: 'regex',
  name: 'bad',
  description: 'bad',
  ignoreCase: false,
  prefix: null,
  expressions: [{ kind: 'hit', pattern: '^ ?bad (?<user>\\S+) <HOST>$' }],
  ignore: [],
  samples: [],
};

export const bad = (...users: string[]): string => users.map((user) => `bad ${user} 203.0.113.7\n`).join('');

/** A folder with a log in it, and the tails that follow it. */
export class LogFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'bailiff-tail-'));
  readonly log = path.join(this.path, 'service.log');
  readonly #followed: Followed[] = [];

  add(...users: string[]): void {
    appendFileSync(this.log, bad(...users));
  }

  follow(cursor: string | null = null, options: Partial<FollowOptions> = {}): Followed {
    const followed = new Followed(cursor, { path: this.log, ...options });
    this.#followed.push(followed);
    return followed;
  }

  async remove(): Promise<void> {
    for (const one of this.#followed) await one.stop();
    rmSync(this.path, { recursive: true });
  }
}

export interface FollowOptions {
  readonly path: string;
  /** The clock, ms since the epoch. */
  readonly nowMs: number;
  readonly encoding: Encoding;
  readonly judged: Judged;
  readonly root: LogRoot;
}

/** A tail whose clock stands still unless the test moves it. */
export class Followed {
  readonly found: (readonly [user: string, time: number])[] = [];
  readonly cursors: string[] = [];
  state = '';
  detail = '';
  lag = -1;
  oversize = 0;
  nowMs: number;
  readonly #tail: Tail;
  readonly #end: Promise<void>;
  #wake: () => void = () => {};

  constructor(cursor: string | null, options: Pick<FollowOptions, 'path'> & Partial<FollowOptions>) {
    const { path: file, nowMs = Date.now(), encoding = 'utf-8', judged = new Judged(), root } = options;
    this.nowMs = nowMs;
    const scan = new Scan([compileFilter(badFilter)], { timeZone: 'UTC', encoding });
    const output: Output = {
      full: false,
      room: async () => {},
      gap: () => undefined,
      post: (batch) => {
        for (const { user, time } of readBatch(batch)) this.found.push([user, time]);
        this.cursors.push(batch.cursor);
        this.lag = batch.lagBytes;
        this.oversize += batch.oversize;
        this.#wake();
      },
      state: (state, detail) => {
        this.state = state;
        this.detail = detail;
        this.#wake();
      },
    };
    const batches = new BatchMaker('s', 1, scan);
    const now = () => this.nowMs;
    const input = {
      kind: 'file' as const,
      path: file,
      readers: ['jail'],
      encoding,
      ...(root === undefined ? {} : { root }),
    };
    this.#tail = new Tail(input, cursor, { scan, batches, output, judged, now });
    this.#end = this.#tail.run();
  }

  get cursor(): string {
    return this.cursors.at(-1) ?? '';
  }

  get now(): number {
    return this.nowMs / 1_000;
  }

  get users(): string {
    return this.found.map(([user]) => user).join(' ');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** Waits for as many matches, then compares the users. */
  async saw(users: string): Promise<void> {
    await this.until(() => this.users.length >= users.length);
    assert.equal(this.users, users);
  }

  finish(): void {
    this.#tail.finish();
  }

  /** Returns the cursor to go on from. */
  async stop(): Promise<string> {
    this.#tail.close();
    await this.#end;
    return this.cursor;
  }
}
