import assert from 'node:assert/strict';
import { symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { type PodDirectories, PodLog, podDirectories } from './testbed/pod-logs.ts';
import { cannotRun } from './testbed/requirements.ts';
import { repeated, shuffled } from './testbed/shuffle.ts';
import { Workplace } from './testbed/workplace.ts';

const maxretry = 5;
const kills = 6;
const failure = (address: string): string => `Failed password for root from ${address} port 40000 ssh2`;

describe("the logs of a node's pods", { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let directories: PodDirectories;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    directories = podDirectories(workplace);
    const host = await workplace.addNamespace('node');
    bailiff = new Daemon(workplace, host, {
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_KUBERNETES: 'shop/ssh-*/sshd, shop/extra/sshd',
      BAILIFF_KUBERNETES_DIRECTORY: directories.containers,
      BAILIFF_MAXRETRY: `${maxretry}`,
      BAILIFF_BANTIME: '1h',
    });
    await bailiff.start();
  });
  after(() => workplace?.close());

  const sources = async () =>
    (await bailiff.status()).sources.filter(({ id }) => id.startsWith('kubernetes'));
  const reads = (name: string, count = 1) =>
    eventually(`${name} is read ${count} times`, async () => {
      const found = (await sources()).filter(
        ({ id, state }) => id.startsWith(`kubernetes:${name}@`) && state === 'reading',
      );
      return found.length === count;
    });
  const isBanned = async (address: string) => (await bailiff.bannedAddresses()).includes(address);

  it('says that it waits while there is no pod that a jail asks for', async () => {
    new PodLog(directories, 'shop/web-1/nginx');
    new PodLog(directories, 'blog/ssh-1/sshd');
    const [kind, ...others] = await sources();
    assert.deepEqual([kind?.id, kind?.state, others], ['kubernetes', 'waiting', []]);
  });

  it('reads a pod that comes, keeps what it counted when the pod is made anew, and reads to the end', async () => {
    const first = new PodLog(directories, 'shop/ssh-7d4f-a/sshd');
    await reads('shop/ssh-7d4f-a/sshd');
    for (let count = 1; count < maxretry; count++) first.entry('stderr', 'F', failure('198.51.100.250'));
    // Unread, perhaps, when the pod is gone.
    first.remove();
    const second = new PodLog(directories, 'shop/ssh-7d4f-b/sshd');
    await reads('shop/ssh-7d4f-b/sshd');
    await reads('shop/ssh-7d4f-a/sshd', 0);
    assert.equal(await isBanned('198.51.100.250'), false);
    second.entry('stderr', 'F', failure('198.51.100.250'));
    await eventually('it is banned', () => isBanned('198.51.100.250'));
    second.remove();
    await reads('shop/ssh-7d4f-b/sshd', 0);
  });

  it('says of a log that is none what is wrong with it', async () => {
    const log = new PodLog(directories, 'shop/extra/sshd');
    await reads('shop/extra/sshd');
    log.append('{"log":"a line\\n","stream":"stdout","time":"2026-11-22T16:02:01Z"}\n'.repeat(10));
    const failed = await eventually('it is said', async () =>
      (await sources()).find(({ state }) => state === 'failed'),
    );
    assert.match(failed.detail, /none of its lines is in the CRI format; Docker writes this one/);
    log.entry('stdout', 'F', 'a line');
    await eventually('the line is read', async () =>
      (await sources()).some(
        ({ lines, state, lagSeconds }) => lines === 1 && state === 'reading' && lagSeconds !== null,
      ),
    );
    log.remove();
  });

  it('says of a link that leads nowhere where it leads', async () => {
    const link = join(directories.containers, `extra_shop_sshd-${'0'.repeat(64)}.log`);
    symlinkSync('/nowhere/pods/0.log', link);
    const [kind] = await eventually('it is seen', async () => {
      const found = await sources();
      return found[0]?.detail.includes('not read: 1') === true && found;
    });
    assert.match(kind?.detail ?? '', /shop_sshd.*the links lead to the node's \/var\/log\/pods/);
    unlinkSync(link);
  });

  it(`bans exactly the addresses that reached maxretry, over ${kills} kills, rotations and long lines`, async (t) => {
    const guilty = Array.from({ length: 200 }, (_, index) => `198.51.100.${index + 1}`);
    const innocent = Array.from({ length: 200 }, (_, index) => `203.0.113.${index + 1}`);
    const addresses = shuffled([...repeated(guilty, maxretry), ...repeated(innocent, maxretry - 1)]);
    const logs = ['a', 'b', 'c'].map((pod) => new PodLog(directories, `shop/ssh-${pod}/sshd`));
    for (const pod of ['a', 'b', 'c']) await reads(`shop/ssh-${pod}/sshd`);
    // With a ban the positions are stored; a log that was never known is begun at the file of its name.
    const first = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    for (const [index, address] of first.entries()) {
      for (let count = 1; count <= maxretry; count++) logs[index]?.entry('stdout', 'F', failure(address));
      await eventually('it is banned', () => isBanned(address));
    }
    const writer = new Writer(logs, addresses);
    const writing = setInterval(() => writer.write(3), 10);
    t.after(() => clearInterval(writing));
    for (let kill = 1; kill <= kills; kill++) {
      await eventually(
        'more is written',
        () => writer.written >= (addresses.length * kill) / (kills + 1),
        60,
      );
      await bailiff.stop('SIGKILL');
      // Each time other logs are rotated while nobody looks, in the middle of a line.
      logs[kill % logs.length]?.rotate();
      await bailiff.start();
      logs[(kill + 1) % logs.length]?.rotate();
    }
    await eventually('all is written', () => writer.written >= addresses.length, 60);
    clearInterval(writing);
    writer.finish();
    const expected = [...guilty, ...first, '198.51.100.250'].sort();
    await eventually('all of it is judged', async () => {
      const current = await sources();
      const banned = await bailiff.bannedAddresses();
      if (current.every(({ lag }) => lag === 0) && banned.length >= expected.length) return true;
      const missing = expected.filter((each) => !banned.includes(each));
      throw new Error(`${JSON.stringify(current)}; not banned: ${missing.join(' ')}`);
    });
    assert.deepEqual(await bailiff.bannedAddresses(), expected);
    const hits = new Map((await bailiff.banned()).map(({ address, hits: count }) => [address, count]));
    for (const address of guilty) assert.equal(hits.get(address), maxretry, address);
  });
});

/** Writes each failure into one of the logs, most in parts, with the two streams of a log interleaved. */
class Writer {
  readonly #logs: readonly PodLog[];
  readonly #addresses: readonly string[];
  readonly #begun = new Map<string, () => void>();
  written = 0;

  constructor(logs: readonly PodLog[], addresses: readonly string[]) {
    this.#logs = logs;
    this.#addresses = addresses;
  }

  write(count: number): void {
    for (const address of this.#addresses.slice(this.written, this.written + count)) this.#failure(address);
  }

  /** Ends the lines that are not ended. */
  finish(): void {
    for (const end of this.#begun.values()) end();
    this.#begun.clear();
  }

  #failure(address: string): void {
    const number = this.written++;
    const log = this.#logs[number % this.#logs.length];
    const stream = number % 2 === 0 ? 'stdout' : 'stderr';
    const key = `${number % this.#logs.length} ${stream}`;
    this.#begun.get(key)?.();
    this.#begun.delete(key);
    const text = failure(address);
    const cut = number % 5 === 0 ? 0 : number % text.length;
    if (cut === 0) log?.entry(stream, 'F', text);
    if (cut === 0) return;
    log?.entry(stream, 'P', text.slice(0, cut));
    log?.entry(stream, 'P', '');
    this.#begun.set(key, () => log?.entry(stream, 'F', text.slice(cut)));
  }
}
