import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Monitor, monitorCommand } from '../../src/enforce/monitor.ts';
import { Namespace } from './namespace.ts';

let directory: string;
let host: Namespace;
let monitor: Monitor;
let hints = 0;
let hinted = Promise.withResolvers<void>();

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bailiff-monitor-'));
  host = await Namespace.create();
  await host.must('nft', 'add table inet bailiff');
  await host.must('nft', 'add set inet bailiff banned { typeof ip saddr; flags timeout; }');
  await host.must('nft', 'add chain inet bailiff input { type filter hook prerouting priority -310; }');
  await host.must('nft', 'add rule inet bailiff input ip saddr @banned drop');
  const [file, ...args] = monitorCommand;
  monitor = new Monitor({
    changed: () => {
      hints += 1;
      hinted.resolve();
    },
    command: host.entering(file, args),
    // No rest between hints, so that each output is one.
    schedule: (run, ms) => {
      if (ms === 100) setImmediate(run);
      return () => undefined;
    },
  });
  // It says nothing when it begins to listen.
  while (hints === 0) await host.must('iptables-nft', '-w', '-A', 'INPUT', '-j', 'ACCEPT');
});

after(async () => {
  await monitor.close();
  await host.remove();
  await rm(directory, { recursive: true });
});

/** Lets hints come in that are still on their way. */
async function settle(): Promise<void> {
  for (let seen = -1; seen !== hints; ) {
    seen = hints;
    await delay(100);
  }
}

/** Waits for the hint that a change gives. */
async function hint(file: string, ...args: string[]): Promise<void> {
  await settle();
  hinted = Promise.withResolvers();
  await host.must(file, ...args);
  await hinted.promise;
}

test('inserting, deleting, flushing and deleting a whole table each give a hint', async () => {
  for (const iptables of ['iptables-nft', 'ip6tables-nft']) {
    await hint(iptables, '-w', '-I', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    await hint(iptables, '-w', '-D', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    await hint(iptables, '-w', '-A', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT');
    await hint(iptables, '-w', '-F');
  }
  await hint('iptables-nft', '-w', '-A', 'INPUT', '-j', 'ACCEPT');
  await hint('nft', 'delete table ip filter');
  await hint('nft', 'flush chain inet bailiff input');
  await hint('nft', 'add rule inet bailiff input ip saddr @banned drop');
});

test('ten thousand elements of a set, and their end, give none', async () => {
  const addresses = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const list = (more: string) =>
    `inet bailiff banned { ${addresses.map((each) => each + more).join(', ')} }\n`;
  const script = join(directory, 'elements');
  await writeFile(script, `add element ${list(' timeout 1h')}delete element ${list('')}`);
  const [file, ...args] = monitorCommand;
  const [program, ...rest] = host.entering(file, args);
  const child = execa(program, rest, { reject: false, buffer: false });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Events come in order, so between these two there is all that was said of the elements.
  let first: Promise<unknown> | null = lines.next();
  void first.then(() => {
    first = null;
  });
  while (first !== null) await host.must('iptables-nft', '-w', '-A', 'INPUT', '-s', '192.0.2.1');
  await host.must('nft', '-f', script);
  await host.must('nft', 'add element inet bailiff banned { 192.0.2.9 timeout 1s }');
  await host.must('iptables-nft', '-w', '-A', 'INPUT', '-s', '192.0.2.2');
  const said: string[] = [];
  for (let line = ''; !line.includes('192.0.2.2'); ) {
    line = (await lines.next()).value ?? '192.0.2.2';
    said.push(line);
  }
  child.kill('SIGKILL');
  await child;
  const others = said.filter((line) => !line.includes('ip saddr 192.0.2.1 counter'));
  assert.equal(others.length, 1, others.slice(0, 3).join('\n'));
  assert.match(others[0] ?? '', /^add rule ip filter INPUT ip saddr 192\.0\.2\.2 /);
});

test('the child does not outlive a daemon that was killed', async () => {
  const [file, ...args] = monitorCommand;
  const source = fileURLToPath(new URL('../../src/enforce/monitor.ts', import.meta.url));
  const daemon = `
    import { Monitor } from ${JSON.stringify(source)};
    new Monitor({ changed: () => console.log('hint'), command: ${JSON.stringify(host.entering(file, args))} });
  `;
  const parent = execa(process.execPath, ['--input-type=module-typescript', '-e', daemon], {
    reject: false,
    buffer: false,
  });
  let heard = false;
  parent.stdout.once('data', () => {
    heard = true;
  });
  while (!heard) await host.must('iptables-nft', '-w', '-A', 'INPUT', '-j', 'ACCEPT');
  const [child = ''] = (await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8')).split(' ');
  assert.match(await readFile(`/proc/${child}/cmdline`, 'utf8'), /^nft\0monitor\0rules\0$/);
  parent.kill('SIGKILL');
  await parent;
  // Gone, or dead and not yet taken away by whoever adopted it.
  const alive = async () => /\) [^ZX] /.test(await readFile(`/proc/${child}/stat`, 'utf8').catch(() => ''));
  while (await alive()) await delay(5);
});
