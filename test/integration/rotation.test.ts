import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { readBatch } from '../../src/core/batch.ts';
import { Scanner } from '../../src/scan/scanner.ts';
import { badFilter } from '../setup/followed-log.ts';

const rotations = 6;
const usuallyBetweenMs = 100;
const writerProgram = path.join(import.meta.dirname, 'log-writer.ts');
const logrotate = await execa('logrotate', ['--version'], { reject: false });
const skip = logrotate.failed ? 'logrotate is not installed' : false;

/** Counts how often each numbered line was judged. Goes on from its cursor after each stop. */
class Counter {
  readonly counts: number[] = [];
  cursor: string | null = null;
  #scanner: Scanner | null = null;
  #changed: () => void = () => undefined;
  readonly #log: string;

  constructor(log: string) {
    this.#log = log;
  }

  start(): void {
    const scanner = new Scanner(() => badFilter, {
      batch: (batch) => {
        for (const { user } of readBatch(batch))
          this.counts[Number(user)] = (this.counts[Number(user)] ?? 0) + 1;
        this.cursor = batch.cursor;
        scanner.acknowledge(batch);
        this.#changed();
      },
      state: () => undefined,
      restarted: (reason) => assert.fail(reason),
      gap: (_id, detail) => assert.fail(detail),
      streamLost: () => undefined,
    });
    const input = { kind: 'file' as const, path: this.#log, readers: ['jail'] };
    scanner.open({ id: 'log', input, filters: ['bad'], cursor: this.cursor });
    this.#scanner = scanner;
  }

  async stop(): Promise<void> {
    await this.#scanner?.stop();
  }

  async until(line: number): Promise<void> {
    while (this.counts[line] === undefined)
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }

  get doubled(): number[] {
    return this.counts.flatMap((count, line) => (count > 1 ? [line] : []));
  }
}

describe('the real logrotate under load', { skip, timeout: 120_000 }, () => {
  let folder = '';
  let log = '';
  let counter: Counter;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'bailiff-rotation-'));
    // logrotate refuses folders that others may write.
    chmodSync(folder, 0o755);
    log = path.join(folder, 'service.log');
    writeFileSync(log, '');
    counter = new Counter(log);
  });

  afterEach(async () => {
    await counter.stop();
    rmSync(folder, { recursive: true });
  });

  async function rotate(directives: readonly string[]): Promise<void> {
    const configuration = path.join(folder, 'logrotate.conf');
    writeFileSync(configuration, `${log} {\n  rotate 100\n  size 1\n  ${directives.join('\n  ')}\n}\n`);
    await execa('logrotate', ['--force', '--state', path.join(folder, 'state'), configuration]);
  }

  /** Writes while it is rotated; returns the number of lines written. With `pauses`, nobody reads for two rotations of three. */
  async function torture(
    directives: (writer: number) => readonly string[],
    pauses: boolean,
    betweenMs = usuallyBetweenMs,
  ): Promise<number> {
    const writer = execa(process.execPath, [writerProgram, log]);
    await once(writer.stdout, 'data');
    counter.start();
    await counter.until(1);
    for (let rotation = 1; rotation <= rotations; rotation++) {
      if (pauses && rotation % 3 === 1) await counter.stop();
      await setTimeout(betweenMs);
      await rotate(directives(writer.pid ?? 0));
      if (pauses && rotation % 3 === 0) counter.start();
    }
    // So that the last line is none that logrotate loses.
    await setTimeout(betweenMs);
    writer.kill('SIGTERM');
    const written = Number((await writer).stdout.split('\n').at(-1));
    await counter.until(written);
    return written;
  }

  /** The service reopens its log within the moment that the script waits. */
  const renaming = (writer: number): string[] => [
    'create',
    'postrotate',
    `  kill -HUP ${writer}; sleep 0.1`,
    'endscript',
  ];

  for (const [packing, directives] of [
    ['as they are', []],
    ['packed at once', ['compress']],
    ['packed at the next rotation', ['compress', 'delaycompress']],
  ] as const) {
    for (const pauses of [false, true]) {
      const how = pauses ? 'with Bailiff away for several rotations' : 'while Bailiff reads';
      it(`renaming, ${packing}, ${how}: not one line lost or doubled`, async (t) => {
        const written = await torture((writer) => [...directives, ...renaming(writer)], pauses);
        assertExact(t, written);
      });
    }
  }

  it('renaming, with dates in their names, with Bailiff away for several rotations', async (t) => {
    const dated = ['compress', 'dateext', 'dateformat -%Y%m%d-%s'];
    // logrotate rotates no second time under the same name.
    const written = await torture((writer) => [...dated, ...renaming(writer)], true, 1_000);
    assertExact(t, written);
  });

  function assertExact(t: TestContext, written: number): void {
    const lost = written - counter.counts.filter((count) => count > 0).length;
    t.diagnostic(`${written} lines, ${rotations} rotations, ${lost} lost, ${counter.doubled.length} doubled`);
    assert.deepEqual([lost, counter.doubled], [0, []]);
  }

  for (const packing of [[], ['compress']] as const) {
    for (const pauses of [false, true]) {
      const how = `${packing.length > 0 ? 'packed' : 'as they are'}, ${pauses ? 'with pauses' : 'while Bailiff reads'}`;
      it(`copying and truncating, ${how}: none doubled, none lost that is still on disk`, async (t) => {
        const written = await torture(() => [...packing, 'copytruncate'], pauses);
        const onDisk = linesOnDisk();
        const lost = [...onDisk].filter((line) => counter.counts[line] === undefined);
        const gone = written - onDisk.size;
        t.diagnostic(
          `${written} lines, ${gone} lost by logrotate, ${lost.length} lost, ${counter.doubled.length} doubled`,
        );
        assert.deepEqual([lost, counter.doubled], [[], []]);
      });
    }
  }

  function linesOnDisk(): Set<number> {
    const names = readdirSync(folder).filter((name) => name.startsWith('service.log'));
    const texts = names.map((name) => {
      const bytes = readFileSync(path.join(folder, name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    });
    return new Set(
      texts.flatMap((text) => [...text.matchAll(/^bad (\d+) 203/gm)].map(([, line]) => Number(line))),
    );
  }
});
