import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import type { JailOptions } from '../config/schema.ts';
import type { ContainerDetails, InsideFile, Mount } from '../docker/client.ts';
import { type FilePiece, readFilePiece } from '../files/file-piece.ts';
import type { WayOptions } from './container-file-way.ts';
import { ContainerFiles } from './container-files.ts';
import type { OpenSource, SourceDescription } from './source.ts';

const log = '/logs/app.log';
const shared: Mount = { source: '/nowhere/volumes/v/_data', destination: '/logs' };

const container = (id: string, name: string, ...mounts: Mount[]): ContainerDetails => ({
  id,
  name,
  image: 'app',
  labels: {},
  running: true,
  pid: 0,
  mounts,
  tty: false,
  finished: 0,
  networkMode: 'bridge',
  networks: [],
  ports: [],
});

const jail = (options: JailOptions = {}) => jailWith('app', { filter: 'sshd', inside: [log], ...options });

const text = (size: number): InsideFile => ({ kind: 'file', size, changed: 100, target: '' });

/** An engine with files, and what is read of them. */
class Bench {
  /** `ID:PATH`, and what the engine says of it. */
  readonly said = new Map<string, InsideFile | Error>();
  readonly looks: string[] = [];
  readonly opened: SourceDescription[] = [];
  readonly closed: string[] = [];
  readonly pieces: FilePiece[] = [];
  readonly reports = new Map<string, string>();
  readonly files: ContainerFiles;
  #waiting: (() => void)[] = [];

  constructor(options: WayOptions = { ways: ['archive'], hostRoot: '/' }) {
    const host = {
      ...quietHost,
      now: () => 10_000,
      open: this.#open,
      report: this.#report,
      forget: this.#forget,
    };
    const client = { statInside: this.#stat, readInside: this.#read };
    this.files = new ContainerFiles({
      client,
      host,
      options,
      pauses: { first: 1, longest: 1 },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  readonly #changed = (): void => {
    for (const wake of this.#waiting.splice(0)) wake();
  };

  readonly #stat = async (id: string, path: string): Promise<InsideFile | null> => {
    this.looks.push(`${id}:${path}`);
    this.#changed();
    const said = this.said.get(`${id}:${path}`) ?? null;
    if (said instanceof Error) throw said;
    return said;
  };

  readonly #read = async (id: string, path: string): Promise<Readable | null> => {
    const said = this.said.get(`${id}:${path}`);
    return said === undefined || said instanceof Error
      ? null
      : Readable.from([Buffer.alloc(said.size, '\n')]);
  };

  readonly #report = (id: string, state: string, detail: string): void => {
    this.reports.set(id, `${state} ${detail}`);
    this.#changed();
  };

  readonly #forget = (id: string): void => {
    this.reports.delete(id);
    this.#changed();
  };

  readonly #open = (description: SourceDescription): OpenSource => {
    const { id } = description;
    this.opened.push(description);
    this.#changed();
    return {
      cursor: null,
      lost: new AbortController().signal,
      write: async (bytes) => {
        this.pieces.push(readFilePiece(Buffer.from(bytes)));
        this.#changed();
      },
      end: async (detail) => this.#report(id, 'ended', detail),
      close: () => {
        this.closed.push(id);
        this.#changed();
      },
      report: (state, detail) => this.#report(id, state, detail),
    };
  };
}

/** Its readers end with the test. */
function bench(t: { after(end: () => void): void }, options?: WayOptions): Bench {
  const made = new Bench(options);
  t.after(() => made.files.close());
  return made;
}

test('through the archive API, too, all of a file that was missing is new', async (t) => {
  const it = bench(t);
  it.files.follow(container('1', 'web'), [jail()]);
  await it.until(() => it.reports.get(`docker:web:${log}`) === 'waiting the file does not exist yet');
  it.said.set(`1:${log}`, text(3));
  await it.until(() => it.pieces.length === 2);
  const [begin, bytes] = it.pieces;
  assert.ok(begin?.kind === 'begin' && bytes?.kind === 'bytes');
  assert.equal(begin.old, 0);
  assert.equal(bytes.undated, 10_000);
});

test('a reader goes on where a container is told of again', async (t) => {
  const it = bench(t);
  it.said.set(`1:${log}`, text(3));
  it.files.follow(container('1', 'web'), [jail()]);
  await it.until(() => it.reports.get(`docker:web:${log}`)?.startsWith('reading') === true);
  const looks = it.looks.length;
  // Jails from labels are made anew each time.
  it.files.follow(container('1', 'web'), [jail()]);
  assert.equal(it.looks.length, looks, 'it is not looked for again');
  it.files.follow(container('1', 'web'), [jail({ maxretry: 2 })]);
  await it.until(() => it.opened.length === 2);
  assert.equal(it.opened[1]?.jails[0]?.maxretry, 2);
});
