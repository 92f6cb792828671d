import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { jailWith } from '../../test/setup/jail.ts';
import { formatPorts, type PortRange } from '../core/policy.ts';
import type { ContainerDetails, DockerClient, DockerEvent, EngineInfo, Network } from '../docker/client.ts';
import { usualLookPauses } from './container-file-reader.ts';
import { type DockerOptions, dockerSource } from './docker.ts';
import { JailList } from './jail-list.ts';
import type { OpenSource, SourceDescription, SourceHost } from './source.ts';

const jail = jailWith('web', {
  filter: 'nginx-http-auth',
  container: ['web', 'label:role=proxy'],
});

const noFiles = { ways: [], hostRoot: '/' };

const container = (
  id: string,
  name: string,
  labels = {},
  more: Partial<ContainerDetails> = {},
): ContainerDetails => ({
  id,
  name,
  labels,
  image: 'nginx',
  finished: 0,
  running: true,
  tty: false,
  pid: 4_711,
  mounts: [],
  networkMode: 'bridge',
  overIpv6: false,
  networks: ['bridge'],
  ports: [],
  ...more,
});

const network = (name: string, driver: string, ...ranges: Network['ranges'][number][]): Network => ({
  id: name,
  name,
  driver,
  ingress: false,
  options: {},
  ranges,
});

/** An engine in memory: containers, their logs, and events that a test sends. */
class FakeEngine implements DockerClient {
  readonly list = new Map<string, ContainerDetails>();
  readonly asked: { id: string; since: string }[] = [];
  readonly streams = new Map<string, PassThrough>();
  refuse: Error | null = null;
  /** When (ms) it refused a log. */
  readonly refused: number[] = [];
  /** Since when (seconds) events were asked for. */
  readonly eventsSince: number[] = [];
  /** By container id: the timestamp of its last message. */
  readonly last = new Map<string, string>();
  /** By id of a stopped container: what is left of its log. */
  readonly rest = new Map<string, string>();
  hidesNetworks = false;
  /** How many questions after a container fail from now on. */
  failing = 0;
  readonly #events: DockerEvent[] = [];
  #wake: () => void = () => {};
  #over = false;

  containers = async () => [...this.list.values()];
  publishing = async () => [];
  networks = async () =>
    this.hidesNetworks
      ? null
      : [
          network('bridge', 'bridge', { network: 'bridge', subnet: '172.17.0.0/16', gateway: '172.17.0.1' }),
          network('lan', 'macvlan'),
        ];
  newest = async (id: string) => this.last.get(id) ?? null;
  statInside: DockerClient['statInside'] = () => assert.fail('no file is read');
  readInside = () => assert.fail('no file is read');
  info = async (): Promise<EngineInfo> => ({
    version: '',
    firewallDriver: null,
    rootless: false,
    swarm: false,
  });

  async inspect(id: string): Promise<ContainerDetails | null> {
    if (this.failing-- > 0) throw new Error('busy');
    return this.list.get(id) ?? null;
  }

  async *events(since: number, signal: AbortSignal): AsyncGenerator<DockerEvent> {
    this.eventsSince.push(since);
    this.#over = false;
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted && !this.#over) {
      const next = this.#events.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async logs(id: string, since: string, signal: AbortSignal): Promise<PassThrough> {
    if (this.refuse !== null) {
      this.refused.push(performance.now());
      throw this.refuse;
    }
    this.asked.push({ id, since });
    const stream = new PassThrough();
    signal.addEventListener('abort', () => stream.destroy());
    this.streams.set(id, stream);
    if (this.list.get(id)?.running !== true) stream.end(this.rest.get(id));
    return stream;
  }

  send(action: string, id: string): void {
    this.push({ type: 'container', action, id, container: '' });
  }

  push(event: DockerEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }
}

/** What the source asks of the daemon, recorded. `until` resolves when the condition holds. */
class FakeHost implements SourceHost {
  readonly opened: SourceDescription[] = [];
  readonly written: string[] = [];
  readonly closed: string[] = [];
  readonly ended: string[] = [];
  readonly details = new Map<string, string>();
  readonly reports = new Map<string, string>();
  networks = 0;
  engineChanges = 0;
  /** What was told of containers, in order: `web [web] 80/tcp`, `web gaps 1`. */
  readonly told: string[] = [];
  cursor: string | null = null;
  /** Ids of the containers whose labels were asked for and that are there. */
  readonly labelled = new Set<string>();
  #waiting: (() => void)[] = [];

  open(description: SourceDescription): OpenSource {
    this.opened.push(description);
    this.#changed();
    return {
      cursor: this.cursor,
      lost: new AbortController().signal,
      write: async (bytes) => {
        this.written.push(`${description.id} ${Buffer.from(bytes)}`);
        this.#changed();
      },
      end: async () => {
        this.ended.push(description.id);
        this.report(description.id, 'ended');
      },
      close: () => {
        this.closed.push(description.id);
        this.#changed();
      },
      report: (state, detail) => this.report(description.id, state, detail),
    };
  }

  cursorOf(): string | null {
    return this.cursor;
  }

  forget(id: string): void {
    this.reports.delete(id);
    this.#changed();
  }

  report(id: string, state: string, detail = ''): void {
    this.reports.set(id, state);
    this.details.set(id, detail);
    this.#changed();
  }

  jailsFromLabels = ({ id, labels }: ContainerDetails) => {
    this.labelled.add(id);
    return labels['bailiff.jails'] ? [{ ...jail, name: 'asked' }] : [];
  };
  forgetLabels = (isGone: (id: string) => boolean) => {
    for (const id of this.labelled) if (isGone(id)) this.labelled.delete(id);
    this.#changed();
  };
  protectNetworks = () => {
    this.networks++;
  };
  protectNodes = () => undefined;
  publishes = (name: string, jails: readonly string[], ports: readonly PortRange[]) => {
    this.told.push(`${name} [${jails.join()}] ${formatPorts(ports)}`);
    this.#changed();
  };
  gaps = (name: string, gaps: readonly string[]) => {
    this.told.push(`${name} gaps ${gaps.length}`);
    this.#changed();
  };
  engineChanged = () => {
    this.engineChanges++;
    this.#changed();
  };
  dropped = () => assert.fail('nothing is dropped');
  now = () => 10_000;

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Short enough to be awaited. */
const pauses = { retry: 1, quiet: 5, patient: 60_000 };

function start(...containers: ContainerDetails[]) {
  return startWith({}, ...containers);
}

function startWith(options: DockerOptions, ...containers: ContainerDetails[]) {
  const engine = new FakeEngine();
  for (const one of containers) engine.list.set(one.id, one);
  const host = new FakeHost();
  const stop = new AbortController();
  const source = dockerSource('/nowhere.sock', noFiles, { connect: async () => engine, pauses, ...options });
  const jails = new JailList([jail]);
  const following = source.follow(jails, host, stop.signal);
  return { engine, host, jails, stop, following };
}

test('containers are chosen by name, by label, and by what their labels ask for', async () => {
  const { host, stop, following, engine } = start(
    container('1', 'web'),
    container('2', 'proxy-1', { role: 'proxy' }),
    container('3', 'other', { role: 'database' }),
    container('4', 'asking', { 'bailiff.jails': 'web' }),
  );
  await host.until(
    () =>
      engine.streams.size === 3 &&
      [...host.reports.values()].filter((state) => state === 'reading').length === 4,
  );
  assert.deepEqual(
    host.opened.map(({ id, cursorKey, jails }) => [id, cursorKey, jails.map(({ name }) => name).join()]),
    [
      ['docker:web', 'docker:1', 'web'],
      ['docker:proxy-1', 'docker:2', 'web'],
      ['docker:asking', 'docker:4', 'asked'],
    ],
  );
  assert.deepEqual(
    engine.asked[0],
    { id: '1', since: '9400.000000000' },
    'what no jail would count is not read',
  );
  assert.equal(host.networks, 1);
  engine.streams.get('1')?.write('frame');
  await host.until(() => host.written.length > 0);
  assert.deepEqual(host.written, ['docker:web frame']);
  stop.abort();
  await following;
});

test('when the jails change, only containers are opened again, or closed, that others read now', async () => {
  const { host, jails, stop, following, engine } = start(
    container('1', 'web'),
    container('2', 'proxy-1', { role: 'proxy' }),
    container('3', 'other'),
    container('4', 'asking', { 'bailiff.jails': 'web' }),
  );
  await host.until(() => engine.streams.size === 3);
  const reading = () => [...host.reports].flatMap(([id, state]) => (state === 'reading' ? [id] : [])).sort();
  jails.replace([
    { ...jail, container: ['web'], maxretry: 1 },
    jailWith('more', { filter: 'sshd', container: ['asking', 'other'] }),
  ]);
  await host.until(() => engine.asked.length === 5 && host.closed.includes('docker:proxy-1'));
  assert.deepEqual(
    host.opened.slice(3).map(({ id, jails: readers }) => [id, readers.map(({ name }) => name).join()]),
    [
      ['docker:other', 'more'],
      ['docker:asking', 'more,asked'],
    ],
  );
  assert.deepEqual(host.closed.sort(), ['docker:asking', 'docker:proxy-1']);
  await host.until(() => reading().length === 4);
  assert.deepEqual(reading(), ['docker', 'docker:asking', 'docker:other', 'docker:web']);
  assert.equal(host.told.at(-1), 'asking [more,asked] ');
  assert.ok(host.told.includes('proxy-1 [] '));
  stop.abort();
  await following;
});

test('a container that starts later is read, from its cursor where there is one', async () => {
  const { engine, host, stop, following } = start();
  await host.until(() => host.reports.get('docker') === 'reading');
  host.cursor = JSON.stringify({ timestamp: '2026-11-22T16:02:01.5Z', ordinal: 2 });
  engine.list.set('1', container('1', 'web'));
  engine.send('start', '1');
  await host.until(() => host.reports.get('docker:web') === 'reading');
  assert.deepEqual(engine.asked, [{ id: '1', since: '1795363319.500000000' }]);
  assert.deepEqual(
    engine.eventsSince,
    [host.now()],
    'what starts while the list is made is among the events',
  );
  stop.abort();
  await following;
});

test('a logging driver that cannot be read is reported with the remedy, and not asked again', async () => {
  const { engine, host, stop, following } = start();
  engine.refuse = new Error('configured logging driver does not support reading');
  await host.until(() => host.reports.get('docker') === 'reading');
  engine.list.set('1', container('1', 'web'));
  engine.send('start', '1');
  await host.until(() => host.reports.get('docker:web') === 'failed');
  assert.match(host.details.get('docker:web') ?? '', /^its logging driver cannot be read; use json-file/);
  await pause(20 * pauses.retry);
  assert.deepEqual([host.opened.length, engine.refused.length], [1, 1]);
  stop.abort();
  await following;
});

test('a log that the engine fails at is asked for after growing pauses', async () => {
  const { engine, host, stop, following } = startWith({ pauses: { ...pauses, retry: 10 } });
  engine.refuse = new Error('busy');
  await host.until(() => host.reports.get('docker') === 'reading');
  engine.list.set('1', container('1', 'web'));
  engine.send('start', '1');
  while (engine.refused.length < 5) await pause(5);
  const gaps = engine.refused.slice(1).map((at, index) => at - (engine.refused[index] ?? 0));
  // Timers may be a millisecond early.
  for (const [index, gap] of gaps.entries()) assert.ok(gap >= 10 * 2 ** index - 1, `${gap} ms`);
  stop.abort();
  await following;
});

test('a question that fails once does not end the reading', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  engine.failing = 1;
  engine.streams.get('1')?.end();
  await host.until(() => host.opened.length === 2 && host.reports.get('docker:web') === 'reading');
  assert.equal(engine.asked.length, 2);
  stop.abort();
  await following;
});

test('a removed container leaves status, one that is gone already is passed over', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  engine.send('start', 'gone');
  engine.list.delete('1');
  engine.send('destroy', '1');
  engine.send('start', 'gone');
  await new Promise(setImmediate);
  assert.deepEqual(host.closed, [], 'its log has not ended yet');
  engine.streams.get('1')?.end('last words');
  await host.until(() => host.closed.includes('docker:web'));
  assert.deepEqual(host.written, ['docker:web last words']);
  assert.equal(host.reports.has('docker:gone'), false);
  stop.abort();
  await following;
});

test('labels are asked for when a container starts, and forgotten when it is removed, seen or not', async () => {
  const { engine, host, stop, following } = startWith(
    { shortestStream: 0 },
    container('1', 'unread', { 'bailiff.jailz': 'web' }),
    container('2', 'other'),
  );
  await host.until(() => host.reports.get('docker') === 'reading' && host.labelled.size === 2);
  engine.list.set('3', container('3', 'asking', { 'bailiff.jails': 'web' }));
  engine.send('start', '3');
  await host.until(() => host.reports.get('docker:asking') === 'reading');
  engine.send('destroy', '1');
  await host.until(() => !host.labelled.has('1'));
  for (const id of ['1', '2']) engine.list.delete(id);
  engine.end();
  await host.until(() => !host.labelled.has('2'));
  assert.deepEqual([...host.labelled], ['3']);
  stop.abort();
  engine.end();
  await following;
});

test('the daemon is told how containers are reached, and of what may change the packet filter', async () => {
  const ports: PortRange[] = [{ protocol: 'tcp', first: 8080, last: 8080 }];
  const { engine, host, stop, following } = start(
    container('1', 'web', {}, { ports }),
    container('2', 'other', {}, { ports }),
  );
  await host.until(() => host.reports.get('docker:web') === 'reading' && host.engineChanges === 1);
  assert.deepEqual(host.told, ['web [web] 8080/tcp']);

  engine.list.set('1', container('1', 'web', {}, { ports, networks: ['bridge', 'lan'] }));
  engine.push({ type: 'network', action: 'connect', id: 'lan', container: '1' });
  await host.until(() => host.engineChanges === 2);
  assert.deepEqual(host.told.splice(0), ['web [web] 8080/tcp', 'web gaps 1']);
  assert.equal(host.networks, 2);

  engine.list.set('1', container('1', 'proxy', {}, { ports }));
  engine.send('rename', '1');
  engine.list.set('3', container('3', 'proxy-3', { role: 'proxy' }));
  engine.send('start', '3');
  await host.until(() => host.engineChanges === 3 && host.reports.get('docker:proxy-3') === 'reading');
  assert.deepEqual(host.told.splice(0), ['web [] ', 'web gaps 0', 'proxy-3 [web] ']);

  for (const action of ['exec_start: true', 'die', 'destroy']) engine.send(action, '3');
  engine.push({ type: 'daemon', action: 'reload', id: 'engine', container: '' });
  await host.until(() => host.engineChanges === 5);
  assert.deepEqual(host.told, ['proxy-3 [] ']);
  stop.abort();
  await following;
});

test('a container that takes the name of another is read when that one was read to the end', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  const [first] = engine.streams.values();
  engine.list.set('1', container('1', 'abc_web', {}, { running: false }));
  engine.send('die', '1');
  engine.send('rename', '1');
  engine.list.set('2', container('2', 'web'));
  engine.send('start', '2');
  engine.list.delete('1');
  engine.send('destroy', '1');
  await host.until(() => host.engineChanges === 3);
  assert.deepEqual(
    host.opened.map(({ cursorKey }) => cursorKey),
    ['docker:1'],
  );
  first?.end('last words');
  await host.until(() => engine.streams.has('2'));
  engine.streams.get('2')?.write('first words');
  await host.until(() => host.written.length === 2);
  assert.deepEqual(host.written, ['docker:web last words', 'docker:web first words']);
  assert.deepEqual(
    host.opened.map(({ id, cursorKey }) => [id, cursorKey]),
    [
      ['docker:web', 'docker:1'],
      ['docker:web', 'docker:2'],
    ],
  );
  assert.deepEqual(host.ended, ['docker:web']);
  stop.abort();
  await following;
});

test('two logs are taken up at a time; the others wait until something came, or nothing has to', async () => {
  const names = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'];
  const patient = { retry: 1, quiet: 60_000, patient: 60_000 };
  const all = names.map((name, index) => container(String(index + 1), name, { role: 'proxy' }));
  const { engine, host, stop, following } = startWith({ pauses: patient }, ...all);
  const reading = () => names.filter((name) => host.reports.get(`docker:${name}`) === 'reading');
  const waiting = () => names.filter((name) => host.reports.get(`docker:${name}`) === 'waiting');
  await host.until(() => reading().length === 2 && waiting().length === 3);
  engine.streams.get('2')?.write('frame');
  await host.until(() => reading().length === 3);
  assert.deepEqual(reading(), ['web-1', 'web-2', 'web-3']);
  engine.list.set('1', container('1', 'web-1', {}, { running: false }));
  engine.streams.get('1')?.end();
  engine.streams.get('3')?.write('frame');
  await host.until(() => engine.streams.size === 5);
  // The rest of one that stopped is a turn of its own.
  assert.deepEqual(waiting(), ['web-1']);
  stop.abort();
  await following;

  const quiet = startWith({}, ...all);
  await quiet.host.until(() => quiet.engine.streams.size === 5);
  quiet.stop.abort();
  await quiet.following;
});

test('what an engine leaves out when a log that is followed ends with its container is read after it', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  engine.list.set('1', container('1', 'web', {}, { running: false }));
  engine.rest.set('1', 'last words');
  engine.streams.get('1')?.end('words, ');
  await host.until(() => host.reports.get('docker:web') === 'ended');
  assert.deepEqual(host.written, ['docker:web words, ', 'docker:web last words']);
  assert.deepEqual(host.ended, ['docker:web']);
  stop.abort();
  await following;
});

test('a container that was started while the end of its log is read is read on', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  engine.list.set('1', container('1', 'web', {}, { running: false }));
  engine.send('start', '1');
  await host.until(() => host.engineChanges === 2);
  engine.streams.get('1')?.end();
  await host.until(() => host.opened.length === 2);
  engine.list.set('1', container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  stop.abort();
  await following;
});

test('what stopped lately is read to its end, what stopped long ago is not', async () => {
  const stopped = (id: string, finished: number) =>
    container(id, `web-${id}`, { role: 'proxy' }, { running: false, finished });
  const { engine, host, stop, following } = start(stopped('1', 9_500), stopped('2', 9_300), stopped('3', 0));
  engine.rest.set('1', 'last words');
  await host.until(() => host.reports.get('docker:web-1') === 'ended');
  assert.deepEqual(
    host.opened.map(({ id }) => id),
    ['docker:web-1'],
  );
  assert.deepEqual(host.written, ['docker:web-1 last words']);
  stop.abort();
  await following;
});

test('an event stream that is cut is opened again, logs go on, and what changed meanwhile is noticed', async () => {
  const { engine, host, stop, following } = startWith(
    { shortestStream: 0 },
    container('1', 'web'),
    container('2', 'proxy', { role: 'proxy' }),
  );
  await host.until(() => [...host.reports.values()].filter((state) => state === 'reading').length === 3);
  engine.list.delete('1');
  engine.list.set('3', container('3', 'late', { role: 'proxy' }));
  engine.end();
  await host.until(() => engine.streams.has('3'));
  assert.equal(host.opened.length, 3, 'the log that was read is not opened again');
  engine.streams.get('1')?.end();
  await host.until(() => host.closed.includes('docker:web'));
  engine.streams.get('2')?.write('frame');
  await host.until(() => host.written.length > 0);
  stop.abort();
  await following;
});

test('a stream that stalled is read anew', async () => {
  const stallPauses = { round: 2, least: 1, grace: 2 };
  const { engine, host, stop, following } = startWith({ stallPauses }, container('1', 'web'));
  host.cursor = JSON.stringify({ timestamp: '2026-11-22T16:02:01.5Z', ordinal: 2 });
  engine.last.set('1', '2026-11-22T16:02:01.5Z');
  await host.until(() => host.reports.get('docker:web') === 'reading');
  const [stream] = engine.streams.values();
  engine.last.set('1', '2026-11-22T16:02:02Z');
  await host.until(() => host.opened.length === 2 && host.reports.get('docker:web') === 'reading');
  assert.ok(stream?.destroyed);
  await host.until(() => host.details.get('docker:web')?.includes('read anew') === true);
  assert.equal(engine.asked.length, 2);
  stop.abort();
  await following;
});

test('a socket proxy that hides the networks does not keep logs from being read, and status says so', async () => {
  const { engine, host, stop, following } = start(container('1', 'web'));
  engine.hidesNetworks = true;
  await host.until(() => host.reports.get('docker:web') === 'reading');
  assert.equal(host.networks, 0);
  assert.match(host.details.get('docker') ?? '', /hides networks/);
  stop.abort();
  await following;
});

test('an image that is listed by its id is asked for by name', async () => {
  const jails = [{ ...jail, container: ['image:nginx'] }];
  const engine = new FakeEngine();
  engine.list.set('1', container('1', 'a', {}, { image: 'nginx:1.27' }));
  engine.list.set('2', container('2', 'b', {}, { image: 'other' }));
  const listed = engine.containers;
  engine.containers = async () =>
    (await listed()).map((one) => ({ ...one, image: `sha256:${'0'.repeat(64)}` }));
  const host = new FakeHost();
  const stop = new AbortController();
  const source = dockerSource('/nowhere.sock', noFiles, { connect: async () => engine, pauses });
  const following = source.follow(new JailList(jails), host, stop.signal);
  await host.until(() => engine.streams.size === 1);
  assert.deepEqual(
    host.opened.map(({ id }) => id),
    ['docker:a'],
  );
  stop.abort();
  await following;
});

test('when Docker ends the event stream, following fails, so that the supervisor connects again', async () => {
  const { engine, host, following } = start(container('1', 'web'));
  await host.until(() => host.reports.get('docker:web') === 'reading');
  engine.end();
  await assert.rejects(following, { code: 'docker-unreachable' });
});

test('an engine that takes the question and never answers does not hold up the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-engine-'));
  const path = join(folder, 'docker.sock');
  const asked = Promise.withResolvers<Socket>();
  const engine = createServer((socket) => socket.once('data', () => asked.resolve(socket)));
  await new Promise<void>((resolve) => engine.listen(path, resolve));
  t.after(async () => {
    (await asked.promise).destroy();
    engine.close();
    rmSync(folder, { recursive: true });
  });
  const stop = new AbortController();
  const host = new FakeHost();
  const following = dockerSource(path, noFiles).follow(new JailList([jail]), host, stop.signal);
  await asked.promise;
  assert.equal(host.reports.get('docker'), 'starting');
  stop.abort();
  await assert.rejects(following, { code: 'docker-unreachable' });
});

test('without a socket the error says what to mount', async () => {
  const follow = dockerSource('/nowhere/docker.sock', noFiles).follow(
    new JailList([jail]),
    new FakeHost(),
    new AbortController().signal,
  );
  await assert.rejects(follow, { code: 'docker-unreachable', where: '/nowhere/docker.sock' });
});

for (const seen of ['at once', 'in the next list'])
  test(`of a container that is renamed no file is read on that its new name does not ask for, ${seen}`, async () => {
    const engine = new FakeEngine();
    const asked: string[] = [];
    engine.statInside = async (id) => {
      asked.push(id);
      return null;
    };
    engine.list.set('1', container('1', 'web'));
    const host = new FakeHost();
    const stop = new AbortController();
    const source = dockerSource('/nowhere.sock', noFiles, {
      connect: async () => engine,
      pauses,
      lookPauses: { ...usualLookPauses, settle: 1 },
      shortestStream: 0,
    });
    const inside = jailWith('web', { filter: 'nginx-http-auth', container: ['web'], inside: ['/app.log'] });
    const following = source.follow(new JailList([inside]), host, stop.signal);
    await host.until(() => host.reports.get('docker:web:/app.log') === 'waiting');
    engine.list.set('1', container('1', 'old'));
    if (seen === 'at once') engine.send('rename', '1');
    else engine.end();
    await host.until(() => !host.reports.has('docker:web:/app.log'));
    engine.list.set('2', container('2', 'web'));
    engine.send('start', '2');
    await host.until(() => host.reports.get('docker:web:/app.log') === 'waiting');
    assert.deepEqual([...new Set(asked)], ['1', '2']);
    stop.abort();
    await following;
  });
