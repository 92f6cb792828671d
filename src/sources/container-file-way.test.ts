import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { BailiffError } from '../core/errors.ts';
import type { ContainerDetails, InsideFile, Mount } from '../docker/client.ts';
import { mountOf, type WayOptions, wayTo } from './container-file-way.ts';

let folder = '';
let volume = '';
const log = '/data/app.log';
const mounts: WayOptions = { ways: ['mounts'], hostRoot: '/' };
const both: WayOptions = { ways: ['mounts', 'archive'], hostRoot: '/' };

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'bailiff-way-')));
  volume = path.join(folder, 'volume');
  mkdirSync(volume);
  writeFileSync(path.join(volume, 'app.log'), 'text');
});

afterEach(() => rmSync(folder, { recursive: true }));

const container = (...mounted: Mount[]): ContainerDetails => ({
  id: 'c'.repeat(64),
  name: 'web',
  image: 'app',
  labels: {},
  running: true,
  pid: 0,
  mounts: mounted,
  tty: false,
  finished: 0,
  networkMode: 'bridge',
  overIpv6: false,
  networks: [],
  ports: [],
});

/** An engine that speaks so of every path. */
const saying = (said: InsideFile | null | Error) => ({
  statInside: async () => {
    if (said instanceof Error) throw said;
    return said;
  },
});

const asItIs = (): InsideFile => {
  const { size, mtimeMs } = statSync(path.join(volume, 'app.log'));
  return { kind: 'file', size, changed: mtimeMs / 1_000, target: '' };
};

const refused = new BailiffError('docker-unreachable', 'the proxy lets nothing through', {
  cause: Object.assign(new Error('forbidden'), { statusCode: 403 }),
});

async function problemOf(way: Promise<unknown>): Promise<string> {
  const error = await way.then(
    () => assert.fail('there is a way'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof BailiffError && error.code === 'container-log-unreadable');
  return error.describe();
}

test('a file in a volume is read in its folder on the host, from which no link leads out', async () => {
  const way = await wayTo(container({ source: volume, destination: '/data' }), log, saying(asItIs()), both);
  const { dev, ino } = statSync(volume, { bigint: true });
  assert.deepEqual(way, {
    kind: 'folder',
    root: { path: volume, identity: `${dev}:${ino}`, at: '/data' },
    path: log,
    through: `through ${volume} of the host`,
    leadsOut: false,
  });
});

test('a file that is mounted by itself is read under its name on the host', async () => {
  const source = path.join(volume, 'app.log');
  const way = await wayTo(
    container({ source, destination: '/srv/other.log' }),
    '/srv/other.log',
    saying(asItIs()),
    both,
  );
  assert.ok(way?.kind === 'folder');
  assert.equal(way.root.path, volume);
  assert.equal(way.path, '/srv/app.log');
});

test('where the file system of the host lies elsewhere, its links mean what they say there', async () => {
  const host = path.join(folder, 'host');
  mkdirSync(path.join(host, 'srv'), { recursive: true });
  mkdirSync(path.join(host, 'real'));
  writeFileSync(path.join(host, 'real', 'app.log'), 'text');
  symlinkSync('/real', path.join(host, 'srv', 'data'));
  const { size, mtimeMs } = statSync(path.join(host, 'real', 'app.log'));
  const said = { kind: 'file', size, changed: mtimeMs / 1_000, target: '' } as const;
  const inHost = container({ source: '/srv/data', destination: '/data' });
  const way = await wayTo(inHost, log, saying(said), { ways: ['mounts'], hostRoot: host });
  assert.ok(way?.kind === 'folder');
  assert.equal(way.root.path, path.join(host, 'real'));
});

test('the same path with another file behind it is not taken for the one of the host', async () => {
  const inVolume = container({ source: volume, destination: '/data' });
  const hour = 3_600;
  const now = Date.now() / 1_000;
  for (const other of [{ size: 5_000 }, { size: 0 }, { changed: now + hour }, { changed: now - hour }]) {
    const said = { ...asItIs(), ...other };
    assert.deepEqual(await wayTo(inVolume, log, saying(said), both), {
      kind: 'archive',
      instead: 'mounts: the file that is seen there is another one',
      leadsOut: false,
    });
    assert.match(await problemOf(wayTo(inVolume, log, saying(said), mounts)), /is another one/);
  }
  rmSync(path.join(volume, 'app.log'));
  const said = { kind: 'file', size: 0, changed: 0, target: '' } as const;
  assert.match(
    await problemOf(wayTo(inVolume, log, saying(said), mounts)),
    /there is no file \/data\/app\.log in/,
  );
});

test('a file may grow while the engine is asked', async () => {
  const file = path.join(volume, 'app.log');
  const client = {
    statInside: async () => {
      appendFileSync(file, 'more');
      const said = asItIs();
      appendFileSync(file, 'and more');
      return said;
    },
  };
  const way = await wayTo(container({ source: volume, destination: '/data' }), log, client, both);
  assert.equal(way?.kind, 'folder');
});

test('an engine that fails at the question is asked again, and nothing believed without its word', async () => {
  const failed = new BailiffError('docker-unreachable', 'its answer is too long');
  const inVolume = container({ source: volume, destination: '/data' });
  await assert.rejects(wayTo(inVolume, log, saying(failed), both), failed);
});

test('a file that is not there yet has no way yet', async () => {
  assert.equal(
    await wayTo(container({ source: volume, destination: '/data' }), log, saying(null), both),
    null,
  );
});

test('an engine that may not be asked is no reason not to read what is seen', async () => {
  const inVolume = container({ source: volume, destination: '/data' });
  assert.equal((await wayTo(inVolume, log, saying(refused), both))?.kind, 'folder');
  const problem = await problemOf(wayTo(container(), log, saying(refused), both));
  assert.match(problem, /mounts: it is in no volume or bind mount; archive: the proxy lets nothing through/);
});

test('what is wrong with each way is said, with what would open it', async () => {
  const hidden = container({ source: path.join(folder, 'elsewhere'), destination: '/data' });
  assert.match(
    await problemOf(wayTo(hidden, log, saying(asItIs()), mounts)),
    /elsewhere is not seen here .*host-root/,
  );
  const memory = container({ source: null, destination: '/data' });
  assert.match(
    await problemOf(wayTo(memory, log, saying(asItIs()), mounts)),
    /\/data has no folder on the host/,
  );
  const proc: WayOptions = { ways: ['proc'], hostRoot: '/' };
  assert.match(
    await problemOf(wayTo(container(), log, saying(asItIs()), proc)),
    /the container does not run/,
  );
  const foreign = { ...container(), pid: process.pid };
  assert.match(await problemOf(wayTo(foreign, log, saying(asItIs()), proc)), /pid: host/);
  assert.match(
    await problemOf(wayTo(container(), log, saying(asItIs()), { ways: [], hostRoot: '/' })),
    /files inside containers are not read/,
  );
});

test('a link out of the volume is no way', async () => {
  writeFileSync(path.join(folder, 'secret'), 'text');
  rmSync(path.join(volume, 'app.log'));
  symlinkSync('../secret', path.join(volume, 'app.log'));
  const inVolume = container({ source: volume, destination: '/data' });
  const said = { kind: 'file', size: 0, changed: 0, target: '' } as const;
  assert.match(
    await problemOf(wayTo(inVolume, log, saying(said), mounts)),
    /leads to \.\., which is not in \/data/,
  );
});

test('of several mounts the nearest counts', () => {
  const [whole, part, alone] = ['/data', '/data/logs', '/data/logs/app.log'].map((destination) => ({
    source: `/host${destination}`,
    destination,
  }));
  assert.ok(whole !== undefined && part !== undefined && alone !== undefined);
  const all = [part, whole, alone];
  assert.equal(mountOf(all, '/data/app.log'), whole);
  assert.equal(mountOf(all, '/data/logs/x'), part);
  assert.equal(mountOf(all, '/data/logs/app.log'), alone);
  assert.equal(mountOf(all, '/data/logs-old/x'), whole);
  assert.equal(mountOf(all, '/database/x'), null);
});
