import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import type { JailOptions } from '../config/schema.ts';
import { BailiffError } from '../core/errors.ts';
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
  overIpv6: false,
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
  /** Where set, an end waits for it. */
  held: Promise<void> | null = null;
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
      pauses: { first: 1, longest: 1, better: 1, settle: 1 },
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
      end: async (detail) => {
        await this.held;
        this.#report(id, 'ended', detail);
      },
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

test('a container that does not lead to a shared file does not keep the others from being read', async (t) => {
  const unreachable = new BailiffError('container-log-unreadable', 'it is not a regular file');
  for (const said of [null, unreachable]) {
    const it = bench(t);
    if (said !== null) it.said.set(`1:${log}`, said);
    it.files.follow(container('1', 'one', shared), [jail()]);
    await it.until(() => it.reports.has(`docker:one:${log}`));
    it.said.set(`2:${log}`, text(3));
    it.files.follow(container('2', 'two', shared), [jail({ maxretry: 2 })]);
    await it.until(() => it.reports.get(`docker:two:${log}`)?.startsWith('reading') === true);
    assert.equal(it.opened[0]?.cursorKey, 'container-file:/nowhere/volumes/v/_data/app.log');
    assert.equal(it.reports.has(`docker:one:${log}`), false);
    const looks = it.looks.length;
    it.files.follow(container('1', 'one', shared), [jail()]);
    it.files.follow(container('2', 'two', shared), [jail({ maxretry: 2 })]);
    assert.equal(it.looks.length, looks, 'it is read on through the other one');
  }
});

test('what a link leads out of a shared folder is a file of its own in each container', async (t) => {
  const it = bench(t);
  for (const id of ['1', '2']) {
    it.said.set(`${id}:${log}`, { kind: 'link', size: 0, changed: 0, target: '/var/app.log' });
    it.said.set(`${id}:/var/app.log`, text(3));
  }
  it.files.follow(container('1', 'one', shared), [jail()]);
  it.files.follow(container('2', 'two', shared), [jail()]);
  await it.until(() => it.pieces.filter(({ kind }) => kind === 'bytes').length === 2);
  const opened = it.opened.map(({ id, cursorKey }) => [id, cursorKey]);
  assert.deepEqual(opened.sort(), [
    [`docker:one:${log}`, `container-file:1:${log}`],
    [`docker:two:${log}`, `container-file:2:${log}`],
  ]);
  it.files.follow(container('1', 'one', shared), [jail()]);
  it.files.stopped('2');
  await it.until(() => it.reports.get(`docker:two:${log}`) === 'ended the container stopped');
  assert.equal(it.opened.length, 2);
});

test('from the archive API it is changed over to a folder as soon as one is seen', async (t) => {
  const volume = realpathSync(mkdtempSync(path.join(tmpdir(), 'bailiff-files-')));
  t.after(() => rmSync(volume, { recursive: true }));
  const it = bench(t, { ways: ['mounts', 'archive'], hostRoot: '/' });
  it.said.set(`1:${log}`, text(4));
  it.files.follow(container('1', 'web', { source: volume, destination: '/logs' }), [jail()]);
  await it.until(() => it.reports.get(`docker:web:${log}`)?.startsWith('reading') === true);
  assert.match(
    it.reports.get(`docker:web:${log}`) ?? '',
    /^reading through the archive API, every 2 s \(mounts: there is no file/,
  );
  writeFileSync(path.join(volume, 'app.log'), 'text');
  utimesSync(path.join(volume, 'app.log'), 100, 100);
  await it.until(() => it.opened.length === 2);
  const [before, after] = it.opened;
  assert.deepEqual([before?.input.kind, after?.input.kind], ['stream', 'file']);
  assert.equal(after?.through, `through ${volume} of the host`);
  assert.deepEqual([after?.id, after?.cursorKey], [before?.id, before?.cursorKey]);
  assert.deepEqual(it.closed, [], 'the one takes the place of the other');
});

test('a container that has taken over the name is read when the one before was read to its end', async (t) => {
  const it = bench(t);
  const id = `docker:web:${log}`;
  it.said.set(`1:${log}`, text(3));
  it.said.set(`2:${log}`, text(3));
  it.files.follow(container('1', 'web'), [jail()]);
  await it.until(() => it.reports.get(id)?.startsWith('reading') === true);
  const gate = Promise.withResolvers<void>();
  it.held = gate.promise;
  it.files.removed('1', 'the container was renamed');
  it.files.follow(container('2', 'web'), [jail()]);
  await it.until(() => it.looks.includes(`2:${log}`));
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  assert.equal(it.opened.length, 1);
  gate.resolve();
  await it.until(() => it.opened.length === 2);
  assert.equal(it.opened[1]?.cursorKey, `container-file:2:${log}`);
  await it.until(() => it.reports.get(id)?.startsWith('reading') === true);
});

test('one that is gone takes nothing along that is said under its name by now', async (t) => {
  const it = bench(t);
  const id = `docker:web:${log}`;
  it.files.follow(container('1', 'web'), [jail()]);
  await it.until(() => it.reports.has(id));
  it.files.stopped('1');
  await it.until(() => it.reports.get(id) === 'ended the container stopped');
  it.files.follow(container('2', 'web'), [jail()]);
  await it.until(() => it.reports.get(id)?.startsWith('waiting') === true);
  it.files.removed('1');
  assert.match(it.reports.get(id) ?? '', /^waiting/);
});

test('jails that read text or dates in another manner read a file apart', async (t) => {
  const it = bench(t);
  it.said.set(`1:${log}`, text(3));
  const tokyo = jailWith('tokyo', { filter: 'sshd', inside: [log], 'time-zone': 'Asia/Tokyo' });
  const old = jailWith('old', { filter: 'sshd', inside: [log], encoding: 'latin1' });
  it.files.follow(container('1', 'web'), [jail(), tokyo, old]);
  await it.until(() => it.opened.length === 3);
  assert.deepEqual(
    new Map(it.opened.map(({ id, jails }) => [id, jails.map(({ name }) => name).join()])),
    new Map([
      [`docker:web:${log}`, 'app'],
      [`docker:web:${log} (Asia/Tokyo)`, 'tokyo'],
      [`docker:web:${log} (latin1)`, 'old'],
    ]),
  );
});

test('a pattern follows the files that match it, as they come and go', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'bailiff-pattern-')));
  try {
    const logs = path.join(folder, 'logs');
    mkdirSync(logs);
    const write = (name: string) => {
      writeFileSync(path.join(logs, name), 'x\n');
      utimesSync(path.join(logs, name), 100, 100);
      bench.said.set(`a:/data/logs/${name}`, text(2));
    };
    const bench = new Bench({ ways: ['mounts'], hostRoot: '/' });
    const ids = () => [...bench.reports.keys(), ...bench.opened.map(({ id }) => id)];
    const pattern = '/data/logs/proxy-host-*_access.log';
    const web = container('a', 'npm', { source: folder, destination: '/data' });
    bench.files.follow(web, [jail({ inside: [pattern] })]);
    await bench.until(() => bench.reports.get(`docker:npm:${pattern}`) === 'waiting no file matches yet');
    for (const name of ['proxy-host-1_access.log', 'proxy-host-12_access.log', 'other.log']) write(name);
    await bench.until(() => bench.opened.length === 2);
    assert.deepEqual(bench.opened.map(({ id }) => id).sort(), [
      'docker:npm:/data/logs/proxy-host-12_access.log',
      'docker:npm:/data/logs/proxy-host-1_access.log',
    ]);
    rmSync(path.join(logs, 'proxy-host-1_access.log'));
    await bench.until(() => bench.closed.includes('docker:npm:/data/logs/proxy-host-1_access.log'));
    bench.files.removed('a');
    assert.ok(!ids().includes('docker:npm:/data/logs/other.log'));
    bench.files.close();
    const archive = new Bench();
    archive.files.follow(web, [jail({ inside: [pattern] })]);
    await archive.until(() =>
      /a pattern needs the folder/.test(archive.reports.get(`docker:npm:${pattern}`) ?? ''),
    );
    archive.files.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
