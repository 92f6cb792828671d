import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SourceStatus } from '../../src/control/protocol.ts';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually, run } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { buildFlags, type Engine } from './testbed/engine.ts';
import { startEngine } from './testbed/images.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

/** Any image with a shell. */
const image = 'nginx:stable';
const log = '/data/logs/auth.log';
const maxretry = 6;
/** Until what was judged is stored, in ms: it is once a second. */
const checkpointMs = 2_500;

/** Log files that lie inside containers, asked for by their labels, with a real engine. */
describe('files inside containers', { timeout: 600_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let engine: Engine;
  let bailiff: Daemon;
  let text: AuthLog;

  before(async () => {
    workplace = await Workplace.open();
    engine = await startEngine(workplace, buildFlags);
    text = new AuthLog(workplace.path('lines'));
  });
  after(async () => {
    await bailiff?.stop();
    await engine?.stop();
    await workplace?.close();
  });

  /** Bailiff with a state of its own, and these ways to files; no container is there yet. */
  async function start(ways: string, more: Record<string, string> = {}): Promise<void> {
    await bailiff?.stop();
    const all = await engine.docker('ps', '--all', '--quiet');
    if (all !== '') await engine.docker('rm', '--force', ...all.split('\n'));
    const host = await workplace.addNamespace(`files-${names++}`);
    bailiff = new Daemon(workplace, host, {
      BAILIFF_STATE_DIR: workplace.makeDirectory(`state-${names}`),
      BAILIFF_DOCKER_SOCKET: engine.socket,
      // The default jail has nothing to read here.
      BAILIFF_JAILS: '',
      BAILIFF_JAIL_SSHD_ENABLED: 'true',
      BAILIFF_JAIL_SSHD_LOGPATH: workplace.path('no.log'),
      BAILIFF_CONTAINER_FILES: ways,
      BAILIFF_LOG_LEVEL: 'warn',
      BAILIFF_LISTEN: '',
      ...more,
    });
    await bailiff.start();
    await bailiff.untilReading('docker');
  }
  let names = 0;

  /** A container that writes nothing by itself, whose log a jail of its own reads. */
  async function runApp(name: string, options: string[] = [], file = log): Promise<void> {
    const labels = {
      'bailiff.jails': 'app',
      'bailiff.jail.app.filter': 'sshd',
      'bailiff.jail.app.maxretry': `${maxretry}`,
      'bailiff.jail.app.logpath': file,
    };
    await engine.docker(
      ...['run', '--detach', '--network=none', '--stop-timeout=0', '--name', name],
      ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...[...options, image, 'sh', '-c', 'mkdir -p /data/logs; sleep 100000'],
    );
  }

  const inside = (name: string, script: string) => engine.docker('exec', name, 'sh', '-c', script);

  /** Failed logins, written by the container itself. */
  async function fail(name: string, addresses: string[], file = log): Promise<void> {
    const lines = text.linesOf(addresses);
    await run(
      'docker',
      ['--host', `unix://${engine.socket}`, 'exec', '-i', name, 'sh', '-c', `cat >> ${file}`],
      {
        input: lines,
      },
    );
  }

  async function source(id: string): Promise<SourceStatus | undefined> {
    return (await bailiff.status()).sources.find((each) => each.id === id);
  }

  async function untilSaid(id: string, state: string, detail: RegExp): Promise<SourceStatus> {
    let seen: SourceStatus | undefined;
    return await eventually(`${id} is ${state}, ${detail}`, async () => {
      seen = await source(id);
      if (seen?.state !== state || !detail.test(seen.detail)) throw new Error(JSON.stringify(seen));
      return seen;
    });
  }

  const untilRead = (id: string, lines: number) =>
    eventually(`${lines} lines of ${id} are judged`, async () => {
      const seen = await source(id);
      if (seen?.lines !== lines) throw new Error(JSON.stringify(seen));
      return true;
    });

  const isBanned = async (address: string) => (await bailiff.bannedAddresses()).includes(address);
  const untilBanned = (address: string) => eventually(`${address} is banned`, () => isBanned(address), 60);

  const ways: readonly (readonly [string, string[], RegExp])[] = [
    ['mounts', ['--volume', 'data:/data'], /^through \/.*\/volumes\/data\/_data of the host$/],
    ['proc', [], /^through \/proc\/\d+\/root$/],
    ['archive', [], /^through the archive API, every \d+ s$/],
  ];
  for (const [way, options, through] of ways) {
    it(`${way}: each line counts once, over a rotation, a killed daemon and a restarted container`, async () => {
      const id = `docker:web:${log}`;
      const [a, b] = ['198.51.100.1', '198.51.100.2'];
      await start(way);
      await runApp('web', options);
      await untilSaid(id, 'waiting', /^the file does not exist yet$/);
      await fail('web', [a, b]);
      await untilRead(id, 2);
      await untilSaid(id, 'reading', through);
      // Through the archive API nothing but its text tells a file from the next one: some of it must be stored, on a
      // busy machine too.
      await pause(way === 'archive' ? 3 * checkpointMs : checkpointMs);
      await bailiff.stop('SIGKILL');
      await fail('web', [a, b, a]);
      await inside('web', `mv ${log} ${log}.1`);
      await fail('web', [b, a]);
      await bailiff.start();
      await untilSaid(id, 'reading', through);
      await fail('web', [a, b]);
      // So many were written: five of the first address, four of the second.
      await eventually('the last line is judged', async () => ((await source(id))?.lines ?? 0) >= 4);
      assert.deepEqual(await bailiff.bannedAddresses(), []);
      await fail('web', [a]);
      await untilBanned(a);
      await engine.docker('restart', 'web');
      await untilSaid(id, 'reading', through);
      await fail('web', [b]);
      await eventually(
        'the line after the restart is judged',
        async () => ((await source(id))?.lag ?? 1) === 0,
      );
      assert.equal(await isBanned(b), false);
      await fail('web', [b]);
      await untilBanned(b);
      await engine.docker('rm', '--force', '--volumes', 'web');
      await eventually('nothing of it is read', async () => (await source(id))?.state !== 'reading');
    });
  }

  it('a container that is made anew over the same volume goes on where the other one was', async () => {
    const id = `docker:web:${log}`;
    await start('mounts');
    await runApp('web', ['--volume', 'kept:/data']);
    await fail(
      'web',
      Array.from({ length: maxretry - 1 }, () => '198.51.100.3'),
    );
    await untilRead(id, maxretry - 1);
    await engine.docker('rm', '--force', 'web');
    await runApp('web', ['--volume', 'kept:/data']);
    await untilSaid(id, 'reading', /volumes\/kept/);
    assert.deepEqual(await bailiff.bannedAddresses(), []);
    await fail('web', ['198.51.100.3']);
    await untilBanned('198.51.100.3');
  });

  it('a file in a volume of two containers is read once, and on when one of them goes', async () => {
    await start('mounts');
    await runApp('one', ['--volume', 'shared:/data']);
    await runApp('two', ['--volume', 'shared:/data/logs'], '/data/logs/logs/auth.log');
    await fail(
      'one',
      Array.from({ length: maxretry - 1 }, () => '198.51.100.4'),
    );
    await untilRead(`docker:one:${log}`, maxretry - 1);
    const read = (await bailiff.status()).sources.filter(({ lines }) => lines > 0);
    assert.deepEqual(
      read.map(({ id }) => id),
      [`docker:one:${log}`],
    );
    await engine.docker('rm', '--force', 'one');
    await untilSaid('docker:two:/data/logs/logs/auth.log', 'reading', /volumes\/shared/);
    assert.deepEqual(await bailiff.bannedAddresses(), []);
    await fail('two', ['198.51.100.4'], '/data/logs/logs/auth.log');
    await untilBanned('198.51.100.4');
  });

  it('what a stopped container left unread is read when Bailiff is back', async () => {
    await start('mounts, archive');
    await runApp('volume', ['--volume', 'left:/data']);
    await runApp('plain');
    for (const name of ['volume', 'plain']) {
      await fail(name, ['198.51.100.5', '198.51.100.6']);
      await untilRead(`docker:${name}:${log}`, 2);
    }
    await bailiff.stop();
    const rest = Array.from({ length: maxretry - 1 }, () => '198.51.100.5');
    await fail('volume', rest);
    await fail(
      'plain',
      rest.map(() => '198.51.100.6'),
    );
    await engine.docker('kill', 'volume', 'plain');
    await bailiff.start();
    await untilBanned('198.51.100.5');
    await untilBanned('198.51.100.6');
    for (const name of ['volume', 'plain'])
      await untilSaid(`docker:${name}:${log}`, 'ended', /the container stopped/);
  });

  it('no container leads to a file that is not its own', async () => {
    const victim = '203.0.113.66';
    const secret = join(workplace.directory, 'host.log');
    const ofHost = new AuthLog(secret);
    ofHost.fail(...Array.from({ length: maxretry * 2 }, () => victim));
    for (const way of ['mounts', 'proc', 'archive', 'mounts, proc, archive']) {
      await start(way);
      await runApp('evil', ['--volume', `evil:/data`]);
      await inside(
        'evil',
        `ln -s ${secret} ${log}; ln -s ../../../../../../../../../../..${secret} /data/logs/up.log`,
      );
      await runApp('up', ['--volume', `evil:/data`], '/data/logs/up.log');
      await runApp('honest');
      await fail(
        'honest',
        Array.from({ length: maxretry }, () => '198.51.100.7'),
      );
      if (way !== 'mounts') await untilBanned('198.51.100.7');
      await eventually('the evil ones are looked at', async () => {
        const seen = await Promise.all([source(`docker:evil:${log}`), source('docker:up:/data/logs/up.log')]);
        return seen.every((each) => each?.state === 'failed' || each?.state === 'waiting');
      });
      const banned = await bailiff.bannedAddresses();
      assert.ok(!banned.includes(victim), `${way}: ${banned.join()}`);
      await engine.docker('rm', '--force', '--volumes', 'evil', 'up');
      await engine.docker('volume', 'rm', 'evil');
    }
  });

  it('says what to do where no way leads to the file, and where it is the output of the container', async () => {
    await start('mounts');
    await runApp('plain');
    await fail('plain', ['198.51.100.8']);
    const { detail } = await untilSaid(`docker:plain:${log}`, 'failed', /it is in no volume or bind mount/);
    assert.match(detail, /container-files/);
    await runApp('web', [], '/var/log/nginx/access.log');
    await untilSaid(
      'docker:web:/var/log/nginx/access.log',
      'failed',
      /output of the container.*without logpath/,
    );
  });
});
