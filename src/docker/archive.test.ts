import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pack } from 'tar-stream';
import { messageOf } from '../core/errors.ts';
import { findInside, type InsideFile, statedFile } from './archive.ts';
import { connectDocker, type DockerClient } from './client.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-archive-'));
const socket = join(folder, 'docker.sock');
const asked: string[] = [];
let answer: (question: IncomingMessage, answer: ServerResponse) => void = () => undefined;
const server = createServer((question, response) => {
  asked.push(`${question.method} ${question.url}`);
  answer(question, response);
});
const { signal } = new AbortController();
let client: DockerClient;

before(async () => {
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  client = await connectDocker(socket, signal);
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** As Docker 20.10 answers. */
const stat = (more: object = {}) => ({
  name: 'log',
  size: 9,
  mode: 0o644,
  mtime: '2026-11-27T11:29:17.908204535Z',
  linkTarget: '',
  ...more,
});
const headerOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

const linkMode = 2 ** 27 + 0o777;

test('what the engine says of a path', () => {
  const file = { kind: 'file', size: 9, changed: Date.parse('2026-11-27T11:29:17.908Z') / 1_000, target: '' };
  assert.deepEqual(statedFile(headerOf(stat())), file);
  assert.deepEqual(statedFile(headerOf(stat({ mode: 2 ** 22 + 0o644 }))), file, 'setgid');
  assert.equal(statedFile(headerOf(stat({ mtime: '2026-11-27T13:29:17.908+02:00' }))).changed, file.changed);
  assert.deepEqual(statedFile(headerOf(stat({ mode: linkMode, linkTarget: '/data/log' }))), {
    ...file,
    kind: 'link',
    target: '/data/log',
  });
  for (const bit of [31, 26, 25, 24, 21, 19])
    assert.equal(statedFile(headerOf(stat({ mode: 2 ** bit + 0o644 }))).kind, 'other', `bit ${bit}`);
});

test('answers that make no sense', () => {
  const senseless = /says nothing of the file that makes sense/;
  for (const header of [undefined, '', '%', headerOf(null), headerOf([]), headerOf(5), headerOf({})])
    assert.throws(() => statedFile(header), senseless, String(header));
  for (const more of [
    { size: -1 },
    { size: 1.5 },
    { size: '9' },
    { mode: null },
    { mtime: 'now' },
    { mtime: 5 },
  ])
    assert.throws(() => statedFile(headerOf(stat(more))), senseless, JSON.stringify(more));
  assert.equal(statedFile(headerOf(stat({ mode: linkMode, linkTarget: 5 }))).target, '');
});

test('the engine is asked with HEAD for a path, and GET for its content', async () => {
  asked.length = 0;
  answer = ({ method }, response) => {
    response.setHeader('X-Docker-Container-Path-Stat', headerOf(stat()));
    if (method === 'HEAD') response.end();
    else respondWith(response, 'one line\n');
  };
  assert.equal((await client.statInside('abc', '/var/log/a b&c=d'))?.size, 9);
  assert.equal(await read('/var/log/a b&c=d'), 'one line\n');
  const question = '/containers/abc/archive?path=%2Fvar%2Flog%2Fa%20b%26c%3Dd';
  assert.deepEqual(asked, [`HEAD ${question}`, `GET ${question}`]);
});

test('there is no such path, a proxy refuses it, the engine fails at it', async () => {
  const errorOf = (ask: Promise<unknown>) => ask.then(() => assert.fail('it succeeds'), messageOf);
  const status = (code: number) => {
    answer = (_, response) => response.writeHead(code).end(code === 404 ? '{"message":"no such path"}' : '');
    return [client.statInside('abc', '/log'), client.readInside('abc', '/log', signal)] as const;
  };
  assert.deepEqual(await Promise.all(status(404)), [null, null]);
  for (const code of [401, 403, 405])
    for (const ask of status(code))
      assert.match(
        await errorOf(ask),
        /\[docker-unreachable\]\n.*GET and HEAD requests for \/containers\/ID\/archive/,
      );
  const [stated, got] = status(500);
  assert.match(
    await errorOf(stated),
    /^\/log: the engine cannot look at it \[container-log-unreadable\]\n.*link/,
  );
  assert.match(await errorOf(got), /\[docker-unreachable\]\n.*Check that Docker runs/);
  answer = (_, response) => response.end();
  assert.match(await errorOf(client.statInside('abc', '/log')), /makes sense \[docker-unreachable\]/);
});

/** Follows links in a container of these files; a text is where a link leads. */
function find(files: Record<string, string | Partial<InsideFile>>, path = '/log') {
  const stated = async (at: string): Promise<InsideFile | null> => {
    const file = files[at];
    if (file === undefined) return null;
    if (typeof file === 'string') return { kind: 'link', size: 1, changed: 1, target: file };
    return { kind: 'file', size: 9, changed: 5, target: '', ...file };
  };
  return findInside(stated, path);
}

test('links are followed, from the folder of each', async () => {
  const found = (path: string) => ({ path, size: 9, changed: 5 });
  assert.deepEqual(await find({ '/log': {} }), found('/log'));
  assert.deepEqual(await find({ '/log': {} }, 'a/../log'), found('/log'));
  assert.deepEqual(
    await find({ '/a/log': '../b/log', '/b/log': 'c/log', '/b/c/log': {} }, '/a/log'),
    found('/b/c/log'),
  );
  assert.deepEqual(
    await find({ '/log': '../../../b', '/b': {} }),
    found('/b'),
    'nothing lies above the root',
  );
  assert.equal(await find({ '/log': '/nowhere' }), null);
  assert.equal(await find({}), null);
});

test('what a link must not lead to', async () => {
  const rejected = (target: string, said: RegExp) =>
    assert.rejects(find({ '/log': target, '/folder': { kind: 'other' } }), (error) =>
      said.test(messageOf(error)),
    );
  for (const target of ['/dev/stdout', '/dev/stderr', 'dev/fd/2', '/proc/self/fd/1', '/proc/1/fd/2'])
    await rejected(target, /^\/log: it leads to the output of the container .*\n.*without logpath/);
  await rejected('/log', /more than 40 symbolic links/);
  await rejected('/folder', /^\/log: it is not a regular file/);
});

function respondWith(response: ServerResponse, content: string | Buffer): void {
  const archive = pack();
  archive.entry({ name: 'log' }, content as string);
  archive.finalize();
  archive.pipe(response);
}

async function read(path = '/log'): Promise<string> {
  const content = await client.readInside('abc', path, signal);
  assert.ok(content !== null);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

test('a file of any size comes whole, in chunks', async () => {
  for (const size of [0, 1, 511, 512, 513, 300_000]) {
    answer = (_, response) => respondWith(response, Buffer.alloc(size, 'x'));
    assert.equal(await read(), 'x'.repeat(size));
  }
});

/** The bytes of an archive with these entries. */
async function archiveOf(...entries: Parameters<ReturnType<typeof pack>['entry']>[0][]): Promise<Buffer> {
  const archive = pack();
  for (const entry of entries) archive.entry(entry, 'x'.repeat(entry.size ?? 0));
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('what is no archive of one file is an error that says so', async () => {
  const log = { name: 'log', size: 5_000 };
  const whole = await archiveOf(log);
  const cases: [said: RegExp, bytes: Buffer][] = [
    [/Unexpected end of data/, whole.subarray(0, 3_000)],
    [/Unexpected end of data|it holds no file/, whole.subarray(0, 100)],
    [/it holds no file/, Buffer.alloc(0)],
    [/it holds no file/, Buffer.alloc(1_024)],
    [/it does not begin with a file/, Buffer.alloc(2 ** 21)],
    [/Invalid tar header/, Buffer.alloc(5_000, 'x')],
    [/it holds more than one file/, await archiveOf(log, { name: 'more', size: 3 })],
    [
      /it holds no regular file \(symlink\)/,
      await archiveOf({ name: 'log', type: 'symlink', linkname: '/a' }),
    ],
    [/it holds no regular file \(directory\)/, await archiveOf({ name: 'log', type: 'directory' })],
  ];
  for (const [said, bytes] of cases) {
    answer = (_, response) => response.end(bytes);
    await assert.rejects(read(), (error) => {
      assert.match(messageOf(error), said);
      assert.match(messageOf(error), /^\/log: the engine's archive: .*\[container-log-unreadable\]\n/);
      return true;
    });
  }
  answer = (_, response) => {
    response.write(whole.subarray(0, 3_000));
    setImmediate(() => response.destroy());
  };
  await assert.rejects(read(), /aborted|Premature close/);
});

test('reading that is given up gives up the answer too', async () => {
  const whole = await archiveOf({ name: 'log', size: 5_000 });
  for (const end of ['abort', 'leave'] as const) {
    const closed = Promise.withResolvers<void>();
    answer = (_, response) => {
      response.once('close', () => closed.resolve());
      response.write(whole.subarray(0, 3_000));
    };
    const stop = new AbortController();
    const content = await client.readInside('abc', '/log', stop.signal);
    const reading = (async () => {
      for await (const chunk of content ?? []) {
        assert.ok(chunk);
        if (end === 'leave') break;
        stop.abort();
      }
    })();
    if (end === 'abort') await assert.rejects(reading);
    else await reading;
    await closed.promise;
  }
});
