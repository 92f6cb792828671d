import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually, inside, run } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

const port = '5514';
const failure = (address: string): string => `Failed password for root from ${address} port 40000 ssh2`;

describe('syslog messages', { timeout: 180_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let host: string;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    host = await workplace.addNamespace('syslog');
    bailiff = new Daemon(workplace, host, {
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_SYSLOG: 'sshd*',
      BAILIFF_SYSLOG_LISTEN: `udp://127.0.0.1:${port}, tcp://127.0.0.1:${port}, unix:${workplace.path('log.sock')}`,
    });
    await bailiff.start();
    await bailiff.untilReading('syslog-listen:tcp');
  });
  after(() => workplace?.close());

  const untilBanned = (address: string) =>
    eventually(`${address} is banned`, async () => (await bailiff.bannedAddresses()).includes(address));
  const logger = (...args: string[]) => run(...inside(host, 'logger', args));

  const ways: Record<string, () => readonly string[]> = {
    UDP: () => ['-n', '127.0.0.1', '-P', port, '-d', '--rfc3164'],
    TCP: () => ['-n', '127.0.0.1', '-P', port, '-T', '--rfc5424', '--octet-count'],
    'the unix socket': () => ['-u', workplace.path('log.sock')],
  };
  for (const [index, [way, args]] of Object.entries(ways).entries()) {
    it(`over ${way} lead to a ban`, async () => {
      const address = `198.51.100.${index + 1}`;
      for (let count = 1; count <= 5; count++)
        await logger('-t', 'sshd', `--id=${count}`, ...args(), failure(address));
      await untilBanned(address);
    });
  }

  it('of other programs do not, whatever their text', async () => {
    const other = failure('198.51.100.100');
    for (let count = 1; count <= 6; count++) {
      await logger('-t', 'app', ...(ways['UDP']?.() ?? []), other);
      await logger('-t', 'app', ...(ways['UDP']?.() ?? []), `x\nsshd[1]: ${other}`);
    }
    await logger('-t', 'sshd', ...(ways['UDP']?.() ?? []), failure('198.51.100.101'));
    await eventually('the last one is counted', async () => (await bailiff.status()).jails[0]?.hits === 16);
    assert.deepEqual((await bailiff.bannedAddresses()).includes('198.51.100.100'), false);
  });

  it('that rsyslog forwards lead to a ban, and none is lost on the way', async () => {
    const log = workplace.path('forwarded.sock');
    const configuration = workplace.path('rsyslog.conf');
    const target = `target="127.0.0.1" port="${port}" protocol="tcp" TCP_Framing="octet-counted"`;
    writeFileSync(
      configuration,
      `module(load="imuxsock" SysSock.Use="off")\n` +
        `input(type="imuxsock" Socket="${log}" CreatePath="on" RateLimit.Interval="0")\n` +
        `*.* action(type="omfwd" ${target} template="RSYSLOG_SyslogProtocol23Format")\n`,
    );
    const relay = workplace.start(
      'rsyslog',
      'rsyslogd',
      ['-n', '-f', configuration, '-i', workplace.path('rsyslog.pid')],
      { namespace: host },
    );
    await eventually('rsyslog listens', () => logger('-u', log, '-t', 'start', 'x').then(() => true));
    const before = (await bailiff.status()).jails[0]?.hits ?? 0;
    const addresses = Array.from({ length: 200 }, (_, index) => `203.0.113.${index + 1}`);
    const lines = workplace.path('lines');
    writeFileSync(lines, addresses.map(failure).join('\n'));
    for (let count = 1; count <= 5; count++)
      await logger('-u', log, '-t', 'sshd', `--id=${count}`, '-f', lines);
    await untilBanned('203.0.113.200');
    await eventually('all are banned', async () => {
      const banned = await bailiff.bannedAddresses();
      return addresses.every((address) => banned.includes(address));
    });
    assert.equal((await bailiff.status()).jails[0]?.hits, before + 1_000);
    await relay.stop();
  });

  it('in a flood of nonsense from one sender leave the daemon answering and a ban possible', async () => {
    const flood = `
      const socket = require('node:dgram').createSocket('udp4');
      const junk = Buffer.from('<38>Nov 22 12:00:00 host sshd[1]: ' + 'x'.repeat(200));
      const send = () => { for (let i = 0; i < 200; i++) socket.send(junk, ${port}, '127.0.0.1'); setImmediate(send); };
      send();
    `;
    const flooding = workplace.start('flood', process.execPath, ['-e', flood], { namespace: host });
    const lines = async () =>
      (await bailiff.status()).sources.find(({ id }) => id === 'syslog:sshd*')?.lines ?? 0;
    await eventually('it has come', async () => (await lines()) > 50_000);
    for (let count = 1; count <= 5; count++) {
      await logger('-t', 'sshd', ...(ways['TCP']?.() ?? []), failure('198.51.100.200'));
    }
    await untilBanned('198.51.100.200');
    assert.ok(memoryOf(bailiff.pid) < 400 * 1024 * 1024);
    await flooding.stop('SIGKILL');
  });
});

/** The most bytes that a process ever had in memory. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1_024;
}
