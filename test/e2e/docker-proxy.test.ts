import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import type { BailiffError } from '../../src/core/errors.ts';
import { connectDocker } from '../../src/docker/client.ts';
import { eventually } from './testbed/command.ts';
import { buildFlags, type Engine } from './testbed/engine.ts';
import { repository } from './testbed/image-recipes.ts';
import { startEngine } from './testbed/images.ts';
import { LogReader } from './testbed/log-reader.ts';
import { cannotRun } from './testbed/requirements.ts';
import { readOptions, SocketProxy } from './testbed/socket-proxy.ts';
import { Workplace } from './testbed/workplace.ts';

describe('an engine behind a read-only proxy', { timeout: 600_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let engine: Engine;
  let proxy: SocketProxy | undefined;
  let reader: LogReader | undefined;
  /** Of the proxies so far. */
  const asked = new Set<string>();

  before(async () => {
    workplace = await Workplace.open();
    engine = await startEngine(workplace, buildFlags);
    const loop = 'i=0; while true; do i=$((i+1)); echo "line $i"; sleep 0.02; done';
    await engine.docker('run', '--detach', '--network=none', '--name=web', 'nginx:stable', 'sh', '-c', loop);
  });
  after(async () => {
    await reader?.stop();
    await proxy?.close();
    await engine?.stop();
    await workplace?.close();
  });

  async function readThrough(hidden?: RegExp): Promise<{ proxy: SocketProxy; reader: LogReader }> {
    await reader?.stop();
    await proxy?.close();
    for (const each of proxy?.asked ?? []) asked.add(each);
    proxy = await SocketProxy.start(engine.socket, hidden);
    reader = new LogReader(
      proxy.address,
      { stallPauses: { round: 200, least: 100, grace: 500 } },
      'image:nginx',
    );
    reader.start();
    return { proxy, reader };
  }

  const lines = (of: LogReader): readonly string[] => [...of.lines.values()][0] ?? [];

  async function untilMore(of: LogReader): Promise<void> {
    const reached = lines(of).length + 50;
    await eventually('more lines come', () => lines(of).length >= reached, 30);
  }

  /** Without a line missing or there twice. */
  function assertWhole(of: LogReader): void {
    const [first = ''] = lines(of);
    const start = Number(first.split(' ')[1]);
    assert.deepEqual(
      lines(of),
      lines(of).map((_, index) => `line ${start + index}`),
    );
  }

  it('is asked with GET alone', async () => {
    const through = await readThrough();
    await untilMore(through.reader);
    await engine.docker('run', '--detach', '--network=none', '--name=late', 'nginx:stable', 'sleep', '60');
    await eventually('a later one is read', () =>
      through.reader.states.get('docker:late')?.startsWith('reading'),
    );
    await engine.docker('rm', '--force', 'late');
    await eventually('it is gone', () => !through.reader.states.has('docker:late'));
    assert.deepEqual([...new Set(through.proxy.asked.map((each) => each.split(' ')[0]))], ['GET']);
    const paths = new Set(through.proxy.asked.map((each) => each.replace(/[0-9a-f]{64}/, 'ID')));
    assert.deepEqual([...paths].sort(), [
      'GET /containers/ID/json',
      'GET /containers/ID/logs',
      'GET /containers/json',
      'GET /events',
      'GET /info',
      'GET /networks',
    ]);
    assertWhole(through.reader);
  });

  it('is asked with HEAD, too, for files inside containers', async () => {
    const through = await readThrough();
    const stop = new AbortController();
    const client = await connectDocker(through.proxy.address, stop.signal);
    const found = await client.statInside('web', '/etc/nginx/nginx.conf');
    const content = await client.readInside('web', '/etc/nginx/nginx.conf', stop.signal);
    assert.equal((await buffer(content ?? assert.fail('it is there'))).length, found?.size);
    assert.deepEqual(
      through.proxy.asked.filter((each) => each.endsWith('/archive')),
      ['HEAD /containers/web/archive', 'GET /containers/web/archive'],
    );
    await readThrough(/archive$/);
    const refused = await connectDocker(proxy?.address ?? '', stop.signal);
    await assert.rejects(refused.statInside('web', '/etc/nginx/nginx.conf'), ({ remedy }: BailiffError) =>
      /GET and HEAD requests for \/containers\/ID\/archive/.test(remedy ?? ''),
    );
    stop.abort();
  });

  it('the compose files let through what is asked, and no more', () => {
    for (const name of ['compose.yaml', 'examples/socket-proxy/compose.yaml']) {
      const { services } = parse(readFileSync(join(repository, name), 'utf8')) as {
        services: Record<string, { command: string[] }>;
      };
      const { allowed } = readOptions(services['socket-proxy']?.command ?? []);
      const passes = (method: string, path: string) => allowed.get(method)?.test(path) === true;
      assert.ok(asked.has('HEAD /containers/web/archive'));
      for (const each of asked) {
        const [method = '', path = ''] = each.split(' ');
        assert.ok(passes(method, path), each);
        assert.ok(passes(method, `/v1.41${path}`), each);
      }
      assert.deepEqual([...allowed.keys()], ['GET', 'HEAD']);
      for (const path of ['/containers/web/top', '/containers/web/export', '/images/json', '/secrets', '/'])
        assert.ok(!passes('GET', path), path);
    }
  });

  it('reads on where networks and the engine itself are hidden, and says what is not known', async () => {
    const through = await readThrough(/^\/(networks|info)/);
    await untilMore(through.reader);
    assert.match(through.reader.states.get('docker') ?? '', /^reading .*NETWORKS=1/);
    assertWhole(through.reader);
  });

  it('says what to let through where containers are hidden', async () => {
    const through = await readThrough(/^\/containers/);
    await eventually('it says so', () =>
      /403.*GET requests/s.test(through.reader.states.get('docker') ?? ''),
    );
  });

  it('loses nothing where the proxy cuts streams', async () => {
    const through = await readThrough();
    for (let cuts = 0; cuts < 4; cuts++) {
      await untilMore(through.reader);
      through.proxy.cut();
    }
    await untilMore(through.reader);
    assertWhole(through.reader);
  });

  it('loses nothing where a stream stalls, and says so', async () => {
    const through = await readThrough();
    await untilMore(through.reader);
    through.proxy.stall();
    await untilMore(through.reader);
    assert.match(through.reader.states.get('docker:web') ?? '', /stalled before .*, read anew/);
    assertWhole(through.reader);
  });
});
