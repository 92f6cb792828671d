import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { SshPeers } from './ssh-peers.ts';
import { kernelHex } from './tcp-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'bailiff-ssh-'));
after(() => rmSync(folder, { recursive: true }));

interface Row {
  readonly from: string;
  readonly port?: number;
  readonly uid?: number;
  readonly inode: number;
}

interface ProcessDescription {
  readonly title: string;
  readonly uid?: number;
  readonly parent?: number;
  readonly program?: string;
  readonly sockets?: readonly number[];
}

/** As the kernel writes an address; of IPv6 all eight words must be there. */
function hexOf(address: string): string {
  if (!address.includes(':')) return kernelHex(Buffer.from(address.split('.').map(Number)));
  const words = address.split(':').map((word) => word.padStart(4, '0'));
  return kernelHex(Buffer.from(words.join(''), 'hex'));
}

/** A machine made of files. */
class Machine {
  readonly root = mkdtempSync(join(folder, 'root-'));
  now = 1_000;
  readonly peers = new SshPeers({ root: this.root, now: () => this.now });

  write(path: string, content: string | Buffer): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  connections(...rows: readonly Row[]): void {
    const lines = rows.map(({ from, port = 22, uid = 0, inode }, index) => {
      const local = hexOf(from.includes(':') ? '2001:db8:0:0:0:0:0:1' : '192.0.2.1');
      const ends = `${local}:${port.toString(16).padStart(4, '0').toUpperCase()} ${hexOf(from)}:C000`;
      return `  ${index}: ${ends} 01 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 20 4 31 18 -1\n`;
    });
    const table = (six: boolean) =>
      `heading\n${lines.filter((_, n) => rows[n]?.from.includes(':') === six).join('')}`;
    this.write('proc/self/net/tcp', table(false));
    this.write('proc/self/net/tcp6', table(true));
  }

  process(
    pid: number,
    { title, uid = 0, parent = 1, program = '/usr/sbin/sshd', sockets = [] }: ProcessDescription,
  ) {
    this.write(`proc/${pid}/comm`, `${program.split('/').at(-1)}\n`);
    this.write(`proc/${pid}/cmdline`, `${title}\0\0\0`);
    this.write(`proc/${pid}/status`, `Name:\tsshd\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
    mkdirSync(join(this.root, `proc/${pid}/fd`));
    symlinkSync(program, join(this.root, `proc/${pid}/exe`));
    symlinkSync('/dev/null', join(this.root, `proc/${pid}/fd/0`));
    for (const [n, inode] of sockets.entries()) {
      symlinkSync(`socket:[${inode}]`, join(this.root, `proc/${pid}/fd/${n + 4}`));
    }
  }

  /** Who is protected, with the evidence. */
  async refresh(): Promise<string[]> {
    return (await this.peers.refresh()).map(({ range, reason }) => {
      const evidence = /^the peer of an SSH session \((.*)\)$/.exec(reason)?.[1];
      return `${range} ${evidence}`;
    });
  }
}

const session = (host: string, more = '') =>
  `# This is private data. Do not parse.\nUID=0\nUSER=root\nSTATE=active\nREMOTE=1\n${more}REMOTE_HOST=${host}\nSERVICE=sshd\n`;

test('nobody is protected on a machine that shows nothing', async () => {
  assert.deepEqual(await new Machine().refresh(), []);
});

test('the remote SSH sessions of logind', async () => {
  const machine = new Machine();
  machine.write('run/systemd/sessions/12', session('203.0.113.7'));
  machine.write('run/systemd/sessions/c2', session('2001:db8:0:0::5'));
  machine.write('run/systemd/sessions/13', session('203.0.113.8').replace('active', 'closing'));
  machine.write('run/systemd/sessions/14', session('203.0.113.9').replace('SERVICE=sshd', 'SERVICE=vsftpd'));
  machine.write('run/systemd/sessions/15', session('203.0.113.10').replace('REMOTE=1', 'REMOTE=0'));
  machine.write('run/systemd/sessions/16', session('owner.example.com'));
  machine.write('run/systemd/sessions/17', session('127.0.0.1'));
  machine.write('run/systemd/sessions/18', `${session('203.0.113.11')}${'X'.repeat(100_000)}`);
  machine.write('run/systemd/sessions/19', session('203.0.113.0/24'));
  // logind's own pipes; the second has the name of a session, and nobody writes to it.
  execFileSync(
    'mkfifo',
    ['12.ref', '20'].map((name) => join(machine.root, 'run/systemd/sessions', name)),
  );
  assert.deepEqual(await machine.refresh(), [
    '2001:db8::5 logind session c2',
    '203.0.113.7 logind session 12',
  ]);
});

/** A record of glibc's struct utmp with 32-bit (384 bytes) or 64-bit times (400 bytes). */
function utmp(address: readonly number[], { type = 7, size = 384 } = {}): Buffer {
  const record = Buffer.alloc(size);
  record.writeInt16LE(type, 0);
  record.write('pts/0', 8);
  Buffer.from(address).copy(record, size === 384 ? 348 : 360);
  return record;
}

for (const size of [384, 400]) {
  test(`utmp of ${size} bytes a record, only with a connection: it may be stale`, async () => {
    const machine = new Machine();
    const six = Buffer.from('20010db8000000000000000000000009', 'hex');
    machine.write(
      'run/utmp',
      Buffer.concat([
        utmp([203, 0, 113, 7], { size }),
        utmp([203, 0, 113, 8], { size }),
        utmp([203, 0, 113, 9], { size, type: 8 }),
        utmp([...six], { size }),
        utmp([], { size }),
      ]),
    );
    assert.deepEqual(await machine.refresh(), []);
    machine.connections(
      { from: '203.0.113.7', inode: 1, port: 2222 },
      { from: '203.0.113.9', inode: 2 },
      { from: '2001:db8:0:0:0:0:0:9', inode: 3 },
    );
    assert.deepEqual(await machine.refresh(), ['2001:db8::9 utmp', '203.0.113.7 utmp']);
    machine.connections();
    assert.deepEqual(await machine.refresh(), [], 'the records alone are stale');
  });
}

test('a utmp that is none is passed over', async () => {
  const machine = new Machine();
  machine.connections({ from: '203.0.113.7', inode: 1 });
  machine.write('run/utmp', Buffer.concat([utmp([203, 0, 113, 7]), Buffer.alloc(5)]));
  assert.deepEqual(await machine.refresh(), []);
});

test('processes whose title says that somebody logged in', async () => {
  const machine = new Machine();
  machine.connections(
    { from: '203.0.113.1', inode: 101 },
    { from: '203.0.113.2', inode: 102 },
    { from: '203.0.113.3', inode: 103 },
    { from: '203.0.113.4', inode: 104, port: 8080 },
    { from: '203.0.113.5', inode: 105 },
  );
  machine.process(10, { title: 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups' });
  machine.process(11, { title: 'sshd: root@pts/0,pts/12', parent: 10, sockets: [101] });
  machine.process(12, { title: 'sshd: owner [priv]', parent: 10, sockets: [102] });
  machine.process(13, { title: 'sshd: owner@notty', uid: 1000, parent: 12, sockets: [102, 104] });
  const program = '/usr/lib/openssh/sshd-session';
  machine.process(14, { title: 'sshd-session: tunnel [priv]', parent: 10, program, sockets: [103] });
  machine.process(15, {
    title: 'sshd-session: tunnel', // ssh -N
    uid: 1001,
    parent: 14,
    program: `${program} (deleted)`,
    sockets: [103],
  });
  machine.write('proc/15/comm', 'sshd-session\n');
  assert.deepEqual(await machine.refresh(), [
    '203.0.113.1 sshd process 11',
    '203.0.113.2 sshd process 13',
    '203.0.113.3 sshd process 15',
  ]);
});

test('whoever has not logged in is not protected, whatever user he says he is', async () => {
  const machine = new Machine();
  const attempts: ProcessDescription[] = [
    { title: 'sshd: [accepted]' },
    { title: 'sshd: root [priv]' },
    { title: 'sshd: root' },
    { title: 'sshd: unknown [priv]' },
    { title: 'sshd: unknown', uid: 1000 },
    { title: 'sshd: root@pts/0 [priv]' },
    { title: 'sshd: root@pts/0 [net]', uid: 102 },
    { title: 'sshd: root@notty [net]', uid: 102 },
    { title: 'sshd: root@pts/0\n [net]', uid: 102 },
    { title: 'sshd: [net]@pts/0', uid: 102 },
    { title: 'sshd: evil@pts/0', uid: 0 },
    { title: 'sshd: root@pts/0x' },
    { title: 'sshd: root@pts/0\0-D' },
    { title: 'sshd-auth: root@pts/0', program: '/usr/lib/openssh/sshd-auth' },
  ];
  machine.process(10, { title: 'sshd: /usr/sbin/sshd -D [listener] 1 of 10-100 startups' });
  for (const [n, attempt] of attempts.entries()) {
    machine.process(100 + n, { parent: 10, sockets: [1_000 + n], ...attempt });
  }
  machine.connections(...attempts.map((_, n) => ({ from: `203.0.113.${n + 1}`, inode: 1_000 + n })));
  assert.deepEqual(await machine.refresh(), []);
});

test('a local user cannot make up a session', async () => {
  const machine = new Machine();
  machine.connections({ from: '203.0.113.1', inode: 1 }, { from: '203.0.113.2', inode: 2 });
  machine.process(10, { title: 'bash', program: '/bin/bash', uid: 1000 });
  // His own program of that name, and a real sshd that he started.
  machine.process(11, {
    title: 'sshd: root@pts/0',
    program: '/home/eve/sshd',
    uid: 1000,
    parent: 10,
    sockets: [1],
  });
  machine.process(12, { title: 'sshd: eve [priv]', uid: 1000, parent: 10, sockets: [2] });
  machine.process(13, { title: 'sshd: eve@pts/0', uid: 1000, parent: 12, sockets: [2] });
  // The name alone is cheap.
  machine.process(14, { title: 'sshd: root@pts/0', program: '/usr/bin/python3', sockets: [1] });
  machine.write('proc/14/comm', 'sshd\n');
  // A process whose program cannot be read.
  machine.process(15, { title: 'sshd: root@pts/0', sockets: [1] });
  rmSync(join(machine.root, 'proc/15/exe'));
  assert.deepEqual(await machine.refresh(), []);
});

test('without sshd_config nobody knows how old a connection without a login can be: age proves nothing', async () => {
  const machine = new Machine();
  machine.connections({ from: '203.0.113.7', inode: 7 });
  assert.deepEqual(await machine.refresh(), []);
  machine.now += 100_000;
  assert.deepEqual(await machine.refresh(), []);
});

test('a connection older than sshd leaves one without a login', async () => {
  const machine = new Machine();
  machine.write('etc/ssh/sshd_config', '');
  const attacker = { from: '203.0.113.9', inode: 9 };
  machine.connections({ from: '203.0.113.7', inode: 7 }, attacker, { from: '203.0.113.8', inode: 0 });
  assert.deepEqual(await machine.refresh(), []);
  machine.now += 100;
  machine.connections(
    { from: '203.0.113.7', inode: 7 },
    // Another connection by now, with the same ports.
    { ...attacker, inode: 10 },
    { from: '203.0.113.8', inode: 0 },
    { from: '203.0.113.6', inode: 6, port: 80 },
    { from: '203.0.113.5', inode: 5, uid: 1000 },
  );
  assert.deepEqual(await machine.refresh(), []);
  machine.now += 51;
  assert.deepEqual(await machine.refresh(), ['203.0.113.7 older than a login may take']);
  machine.connections({ from: '203.0.113.7', inode: 11 });
  assert.deepEqual(await machine.refresh(), [], 'a new connection is young again');
});

test('the ports and the grace time are those of the host’s sshd_config', async () => {
  const machine = new Machine();
  machine.write(
    'etc/ssh/sshd_config',
    '# Port 24\nPort 2222\n  listenaddress [::]:2223\nLoginGraceTime 1m\n',
  );
  machine.write('etc/ssh/sshd_config.d/50-grace.conf', 'logingracetime=5m\n');
  machine.connections(
    { from: '203.0.113.1', inode: 1 },
    { from: '203.0.113.2', inode: 2, port: 2222 },
    { from: '203.0.113.3', inode: 3, port: 2223 },
  );
  await machine.refresh();
  machine.now += 329;
  assert.deepEqual(await machine.refresh(), []);
  machine.now += 2;
  assert.deepEqual(
    (await machine.refresh()).map((line) => line.split(' ')[0]),
    ['203.0.113.2', '203.0.113.3'],
    'what else answers on port 22 (a tarpit) is no sshd',
  );
  machine.write('etc/ssh/sshd_config.d/50-grace.conf', 'LoginGraceTime 0\n');
  machine.now += 60;
  await machine.refresh();
  assert.deepEqual(await machine.refresh(), [], 'without a limit age says nothing');
});

test('a connection among the thousands of a busy host', async () => {
  const machine = new Machine();
  const many = Array.from({ length: 5_000 }, (_, n) => ({
    from: `198.18.${n >> 8}.${n & 255}`,
    inode: n + 1,
    port: 443,
  }));
  const owner = { from: '203.0.113.7', inode: 70_000 };
  machine.process(10, { title: 'sshd: root@pts/0', sockets: [owner.inode] });
  machine.connections(...many);
  assert.deepEqual(await machine.refresh(), []);
  machine.connections(...many, owner);
  assert.deepEqual(await machine.refresh(), ['203.0.113.7 sshd process 10']);
  machine.connections();
  assert.deepEqual(await machine.refresh(), []);
});
