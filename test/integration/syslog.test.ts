import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import type { JailConfiguration, SyslogListener } from '../../src/config/schema.ts';
import { SyslogRecords } from '../../src/scan/syslog-records.ts';
import { JailList } from '../../src/sources/jail-list.ts';
import type { OpenSource, SourceDescription, SourceHost } from '../../src/sources/source.ts';
import { syslogSource } from '../../src/sources/syslog.ts';
import { jailWith } from '../setup/jail.ts';

const jail = (name: string, ...syslog: string[]) => jailWith(name, { filter: 'sshd', syslog });

const unused = () => assert.fail('not asked for here');

/** What the receiver asks of the daemon; keeps the lines of each source, and may be slow to take more. */
class RecordingHost implements SourceHost {
  readonly lines = new Map<string, string[]>();
  readonly reports = new Map<string, string>();
  readonly opened: SourceDescription[] = [];
  readonly lost: AbortController[] = [];
  droppedLines = 0;
  /** While set, nothing more is taken. */
  held: Promise<void> | null = null;
  bytesTaken = 0;
  #waiting: (() => void)[] = [];

  open(description: SourceDescription): OpenSource {
    this.opened.push(description);
    const { id, input } = description;
    assert.ok(input.kind === 'stream' && input.framing === 'syslog');
    const records = new SyslogRecords(input.select);
    const lost = new AbortController();
    this.lost.push(lost);
    return {
      cursor: null,
      lost: lost.signal,
      write: async (bytes) => {
        this.bytesTaken += bytes.length;
        const lines = this.lines.get(id) ?? [];
        records.push(bytes, (block) => void lines.push(...block.toString().split('\n').slice(0, -1)));
        if (lines.length > 0) this.lines.set(id, lines);
        // As on the way to the scanner's thread.
        structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
        this.#changed();
        if (this.held !== null) await this.held;
      },
      end: async () => undefined,
      close: () => undefined,
      report: unused,
    };
  }

  cursorOf(): null {
    return null;
  }

  report(id: string, state: string, detail: string): void {
    this.reports.set(id, `${state} ${detail}`);
    this.#changed();
  }

  forget(): void {}

  dropped(_id: string, lines: number): void {
    this.droppedLines += lines;
    this.#changed();
  }

  jailsFromLabels = unused;
  forgetLabels = unused;
  protectNetworks = unused;
  protectNodes = unused;
  publishes = unused;
  gaps = unused;
  engineChanged = unused;
  now = () => Date.now() / 1_000;

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A port that nobody uses just now, for UDP and TCP. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  await once(server, 'close');
  return address.port;
}

describe('the syslog receiver', { timeout: 120_000 }, () => {
  let directory = '';
  let port = 0;
  let running: { host: RecordingHost; stop: () => Promise<void> } | null = null;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bailiff-syslog-'));
    port = await freePort();
  });
  afterEach(async () => {
    await running?.stop();
    running = null;
  });
  after(() => rmSync(directory, { recursive: true }));

  const listeners = (): Record<'udp' | 'tcp' | 'unix', SyslogListener> => ({
    udp: { text: 'udp', protocol: 'udp', host: '127.0.0.1', port },
    tcp: { text: 'tcp', protocol: 'tcp', host: '127.0.0.1', port },
    unix: { text: 'unix', protocol: 'unix', path: join(directory, 'log.sock') },
  });

  async function start(
    jails: readonly JailConfiguration[],
    kinds: readonly ('udp' | 'tcp' | 'unix')[],
    from = ['127.0.0.0/8', '::1'],
  ): Promise<RecordingHost> {
    const host = new RecordingHost();
    const aborting = new AbortController();
    const listen = kinds.map((kind) => listeners()[kind]);
    const following = syslogSource({ listen, from }).follow(new JailList(jails), host, aborting.signal);
    running = {
      host,
      stop: async () => {
        aborting.abort();
        await following;
      },
    };
    await host.until(() => kinds.every((kind) => host.reports.has(`syslog-listen:${kind}`)));
    return host;
  }

  const logger = (...args: string[]) => execa('logger', ['-t', 'sshd', '--id=7', ...args]);
  const remote = () => ['-n', '127.0.0.1', '-P', String(port)];

  const senders: Record<string, readonly ['udp' | 'tcp' | 'unix', () => readonly string[]]> = {
    'UDP, RFC 5424': ['udp', () => [...remote(), '-d', '--rfc5424']],
    'UDP, RFC 3164': ['udp', () => [...remote(), '-d', '--rfc3164']],
    'TCP, RFC 5424, in lines': ['tcp', () => [...remote(), '-T', '--rfc5424']],
    'TCP, RFC 5424, with lengths': ['tcp', () => [...remote(), '-T', '--rfc5424', '--octet-count']],
    'TCP, RFC 3164, in lines': ['tcp', () => [...remote(), '-T', '--rfc3164']],
    'the unix socket, RFC 5424': ['unix', () => ['-u', join(directory, 'log.sock'), '--rfc5424']],
    'the unix socket, as to /dev/log': ['unix', () => ['-u', join(directory, 'log.sock')]],
  };
  for (const [what, [kind, args]] of Object.entries(senders)) {
    it(`takes what logger sends over ${what}`, async () => {
      const host = await start([jail('sshd', 'sshd*')], [kind]);
      await logger(...args(), 'Failed password for root from 203.0.113.7 port 1 ssh2');
      await host.until(() => host.lines.size > 0);
      const [line = ''] = host.lines.get('syslog:sshd*') ?? [];
      assert.match(line, /^\S+ sshd\[7\]: Failed password for root from 203\.0\.113\.7 port 1 ssh2$/);
    });
  }

  it('takes a thousand lines over one connection, each once and in order', async () => {
    const host = await start([jail('sshd', 'message:*')], ['tcp']);
    const file = join(directory, 'lines');
    const expected = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    writeFileSync(file, expected.join('\n'));
    await logger(...remote(), '-T', '--rfc5424', '--octet-count', '-f', file);
    await host.until(() => host.lines.get('syslog:message:*')?.length === expected.length);
    assert.deepEqual(host.lines.get('syslog:message:*'), expected);
  });

  it('gives each group of jails the messages it asks for, and opens a source anew that was lost', async () => {
    const host = await start([jail('a', 'sshd*'), jail('b', 'sshd*'), jail('c', '*'), jail('d')], ['udp']);
    assert.deepEqual(
      host.opened.map(({ id, jails }) => `${id} ${jails.map(({ name }) => name).join()}`),
      ['syslog:sshd* a,b', 'syslog:* c'],
    );
    await logger(...remote(), '-d', 'one');
    await execa('logger', ['-t', 'other', ...remote(), '-d', 'two']);
    await host.until(() => host.lines.get('syslog:*')?.length === 2);
    assert.equal(host.lines.get('syslog:sshd*')?.length, 1);
    host.lost[0]?.abort();
    await logger(...remote(), '-d', 'three');
    await host.until(() => host.lines.get('syslog:sshd*')?.length === 2);
    assert.equal(host.opened.length, 3);
  });

  it('refuses who may not send, and says so', async () => {
    const host = await start([jail('sshd', '*')], ['udp', 'tcp'], ['192.0.2.0/24']);
    await logger(...remote(), '-d', 'x');
    const socket = connect(port, '127.0.0.1').resume();
    socket.on('error', () => undefined);
    await once(socket, 'close');
    await host.until(() =>
      ['udp', 'tcp'].every((kind) =>
        host.reports.get(`syslog-listen:${kind}`)?.includes('refused: 1 (of 127.0.0.1, which syslog-from'),
      ),
    );
    assert.equal(host.lines.size, 0);
  });

  it('holds a stream back while the scanner is behind, in bounded memory, and loses nothing of it', async () => {
    const host = await start([jail('sshd', 'message:*')], ['tcp']);
    const go = Promise.withResolvers<void>();
    host.held = go.promise;
    const socket = connect(port, '127.0.0.1');
    const count = 60_000;
    let sent = 0;
    const sending = (async () => {
      for (; sent < count; sent++) {
        if (!socket.write(`<13>${sent} ${'x'.repeat(1_000)}\n`)) await once(socket, 'drain');
      }
    })();
    // Far more than socket buffers and the queue hold together: it comes to a stop.
    for (let before = -1; before !== sent; await setTimeout(300)) before = sent;
    assert.ok(sent < count / 2);
    assert.ok(host.bytesTaken < 2 * 1024 * 1024);
    host.held = null;
    go.resolve();
    await sending;
    socket.end();
    await host.until(() => host.lines.get('syslog:message:*')?.length === count);
    const found = host.lines.get('syslog:message:*') ?? [];
    assert.ok(found.every((text, index) => text.startsWith(`${index} `)));
    assert.equal(host.droppedLines, 0);
  });

  it('drops datagrams while the scanner is behind, and counts them', async () => {
    const host = await start([jail('sshd', 'message:*')], ['udp']);
    const go = Promise.withResolvers<void>();
    host.held = go.promise;
    const socket = createSocket('udp4');
    const message = Buffer.from(`<13>${'x'.repeat(1_400)}`);
    const flooding = (async () => {
      while (host.droppedLines === 0) {
        for (let count = 0; count < 100; count++) socket.send(message, port, '127.0.0.1');
        await immediate();
      }
    })();
    await host.until(() => host.droppedLines > 0);
    await flooding;
    assert.ok(host.bytesTaken < 2 * 1024 * 1024);
    assert.match(host.reports.get('syslog-listen:udp') ?? '', /messages dropped: \d+/);
    host.held = null;
    go.resolve();
    const before = host.lines.get('syslog:message:*')?.length ?? 0;
    await host.until(() => (host.lines.get('syslog:message:*')?.length ?? 0) > before);
    socket.close();
  });

  it('closes a connection whose bytes make no sense, and goes on with the others', async () => {
    const host = await start([jail('sshd', 'message:*')], ['tcp']);
    const sound = connect(port, '127.0.0.1');
    sound.write('<13>one\n');
    const hostile = connect(port, '127.0.0.1').resume();
    hostile.on('error', () => undefined);
    hostile.write('<13>two\n99999999 <13>');
    await once(hostile, 'close');
    sound.write('<13>three\n');
    await host.until(() => host.lines.get('syslog:message:*')?.length === 3);
    assert.deepEqual([...(host.lines.get('syslog:message:*') ?? [])].sort(), ['one', 'three', 'two']);
    await host.until(() =>
      (host.reports.get('syslog-listen:tcp') ?? '').includes('connections closed: 1 (127.0.0.1 announces'),
    );
    sound.destroy();
  });

  it('has a bounded number of connections', async () => {
    const host = await start([jail('sshd', 'message:*')], ['tcp']);
    const open: Socket[] = [];
    for (let count = 0; count < 256; count++) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      open.push(socket);
    }
    const further = connect(port, '127.0.0.1').resume();
    further.on('error', () => undefined);
    await once(further, 'close');
    open[0]?.write('<13>still heard\n');
    await host.until(() => host.lines.size > 0);
    await host.until(() =>
      (host.reports.get('syslog-listen:tcp') ?? '').includes('more than 256 connections'),
    );
    for (const socket of open) socket.destroy();
  });

  it('takes over the socket of a receiver that was killed, for root and its group alone', async () => {
    const path = join(directory, 'log.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await execa(process.execPath, ['-e', script], { reject: false });
    assert.ok(statSync(path).isSocket());
    const host = await start([jail('sshd', '*')], ['unix']);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    await logger('-u', path, 'x');
    await host.until(() => host.lines.size > 0);
  });

  it('says what is in the way of a listener, while the others go on', async () => {
    const path = join(directory, 'log.sock');
    writeFileSync(path, 'precious');
    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    const host = await start([jail('sshd', '*')], ['unix', 'tcp', 'udp']);
    assert.match(host.reports.get('syslog-listen:unix') ?? '', /^failed .*no socket/);
    assert.match(host.reports.get('syslog-listen:tcp') ?? '', /^failed .*EADDRINUSE/);
    assert.equal(host.reports.get('syslog-listen:udp'), 'reading listening');
    taken.close();
    rmSync(path);
  });
});

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
