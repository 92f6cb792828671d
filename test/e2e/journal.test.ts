import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { failure, JournalFile } from './testbed/journal.ts';
import { Journald, JournaldService } from './testbed/journald.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { Workplace } from './testbed/workplace.ts';

describe('real journal files', { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let host: string;
  let directory: string;
  let bailiff: Daemon;
  const files: JournalFile[] = [];

  beforeEach(async () => {
    workplace = await Workplace.open();
    ({ host } = await createNetwork(workplace));
    directory = workplace.makeDirectory('journal');
  });
  afterEach(async () => {
    await Promise.all(files.splice(0).map((file) => file.close()));
    await workplace?.close();
  });

  function journal(name: string): JournalFile {
    const file = new JournalFile(join(directory, name));
    files.push(file);
    return file;
  }

  async function start(environment: Record<string, string> = {}): Promise<void> {
    bailiff = new Daemon(workplace, host, {
      BAILIFF_JOURNAL_DIRECTORY: directory,
      BAILIFF_JAILS: 'sshd',
      BAILIFF_MAXRETRY: '3',
      BAILIFF_BANTIME: '1h',
      BAILIFF_JAIL_SSHD_JOURNAL: '_SYSTEMD_UNIT=ssh.service',
      ...environment,
    });
    await bailiff.start();
  }

  const banned = (...addresses: string[]) =>
    eventually(`banned: ${addresses}`, async () => {
      const found = await bailiff.bannedAddresses();
      return found.join() === addresses.join() && found;
    });
  const source = async (id: string) => (await bailiff.status()).sources.find((each) => each.id === id);

  it('one that grows leads to a ban; what is in it from before counts within findtime', async () => {
    const file = journal('system.journal');
    await file.fail('203.0.113.1', '203.0.113.1');
    await start();
    await bailiff.untilReading('journal:sshd');
    await file.fail('203.0.113.1', '203.0.113.2', '203.0.113.2');
    await banned('203.0.113.1');
  });

  it('bytes of any kind, line ends and other fields in a message forge nothing', async () => {
    const file = journal('system.journal');
    await start();
    await bailiff.untilReading('journal:sshd');
    const honest = (address: string) => `Failed password for root from ${address} port 1 ssh2`;
    const forged = [
      `Bad packet\n${honest('198.51.100.9')}\n`,
      `Bad packet\nMESSAGE=${honest('198.51.100.9')}\n\n`,
      Buffer.concat([Buffer.from('\xff\0\r\n', 'latin1'), Buffer.from(honest('198.51.100.9'))]),
      `${'x'.repeat(200_000)}\n${honest('198.51.100.9')}`,
    ];
    for (let times = 0; times < 3; times++) {
      for (const message of forged) await file.write(failure('', 0, 0, message));
      // Judged in spite of what stands around it: invalid UTF-8 in the name, a line end at the end.
      await file.write(
        failure(
          '',
          0,
          0,
          Buffer.from(`Failed password for \xff\x01 from 203.0.113.3 port 1 ssh2\n`, 'latin1'),
        ),
      );
    }
    await banned('203.0.113.3');
    const { lines, lagSeconds } = (await source('journal:sshd')) ?? {};
    assert.equal(lines, 3 * (forged.length + 1));
    assert.equal(typeof lagSeconds, 'number', 'the journal says when');
  });

  it('jails with the same match share one reader, a jail with another has its own', async () => {
    const file = journal('system.journal');
    await start({
      BAILIFF_JAILS: 'sshd,strict,other',
      BAILIFF_JAIL_STRICT_FILTER: 'sshd',
      BAILIFF_JAIL_STRICT_MAXRETRY: '2',
      BAILIFF_JAIL_STRICT_JOURNAL: '_SYSTEMD_UNIT=ssh.service',
      BAILIFF_JAIL_OTHER_FILTER: 'sshd',
      BAILIFF_JAIL_OTHER_MAXRETRY: '1',
      BAILIFF_JAIL_OTHER_JOURNAL: '_COMM=other + _UID=0 PRIORITY=1',
    });
    for (const id of ['journal:sshd', 'journal:other']) await bailiff.untilReading(id);
    const { sources } = await bailiff.status();
    assert.deepEqual(
      sources.filter(({ id }) => id.startsWith('journal:')).map(({ jails }) => jails),
      [['sshd', 'strict'], ['other']],
    );
    await file.fail('203.0.113.4', '203.0.113.4', '203.0.113.4');
    await file.write([...failure('203.0.113.5').filter(([name]) => name !== '_COMM'), ['_COMM', 'other']]);
    const jailsOf = async () =>
      (await bailiff.banned()).map(({ address, jail }) => `${address} ${jail}`).sort();
    await eventually('all three ban', async () => (await jailsOf()).length >= 3);
    assert.deepEqual(await jailsOf(), ['203.0.113.4 sshd', '203.0.113.4 strict', '203.0.113.5 other']);
  });

  it('rotation and vacuum: new files are followed, what was removed is not judged again', async () => {
    const first = journal('system.journal');
    await start();
    await bailiff.untilReading('journal:sshd');
    await first.fail('203.0.113.6', '203.0.113.6');
    await eventually('they are judged', async () => (await source('journal:sshd'))?.lines === 2);
    const second = journal('other.journal');
    await second.fail('203.0.113.7', '203.0.113.7');
    await eventually('the new file is read', async () => (await source('journal:sshd'))?.lines === 4);
    await first.close();
    rmSync(first.path);
    await second.fail('203.0.113.8');
    await eventually('it reads on', async () => (await source('journal:sshd'))?.lines === 5);

    // The entry that was judged last goes while nobody reads.
    await bailiff.stop();
    await second.close();
    rmSync(second.path);
    const third = journal('third.journal');
    await third.fail('203.0.113.6');
    await third.close();
    await bailiff.start();
    await banned('203.0.113.6');
    assert.match((await source('journal:sshd'))?.detail ?? '', /entries may be missing/);
    assert.equal((await source('journal:sshd'))?.lines, 1);
  });

  it('without a journal it waits, says so, and reads what comes', async () => {
    rmSync(directory, { recursive: true });
    await start();
    await eventually('it waits', async () => (await source('journal:sshd'))?.state === 'waiting');
    const { sources, warnings } = await bailiff.status();
    assert.match(sources.find(({ id }) => id === 'journal:sshd')?.detail ?? '', /there is no journal in/);
    assert.ok(
      warnings.some((warning) => warning.startsWith('jail sshd reads nothing: journal:sshd waiting')),
    );
    workplace.makeDirectory('journal');
    await journal('system.journal').fail('203.0.113.9', '203.0.113.9', '203.0.113.9');
    await banned('203.0.113.9');
  });

  it("the default for SSH: the persistent and the volatile journal, in the host's own directories", async () => {
    const log = workplace.makeDirectory('log');
    const volatile = workplace.makeDirectory(`runtime/log/journal/${'0123456789abcdef'.repeat(2)}`);
    const before = new JournalFile(join(volatile, 'system.journal'));
    files.push(before);
    await before.fail('203.0.113.10');
    await before.close();
    // In directories of its own, as on a host without rsyslog.
    const mount = 'mount --bind "$1" /var/log && mount --bind "$2" /run && shift 2 && exec "$@"';
    const folders = [log, workplace.path('runtime')];
    const environment = { BAILIFF_MAXRETRY: '3' };
    bailiff = new Daemon(workplace, host, environment, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      mount,
      'sh',
      ...folders,
    ]);
    await bailiff.start();
    await bailiff.untilReading('journal:sshd');
    assert.equal((await source('journal:sshd'))?.detail, '/run/log/journal');
    // Where there is no directory on the disk journalctl does not look; then journald makes it.
    const now = new JournalFile(join(workplace.makeDirectory('log/journal'), 'system.journal'));
    files.push(now);
    await now.fail('203.0.113.10', '203.0.113.10');
    await banned('203.0.113.10');
    // journalctl may have been begun anew since, and say where it reads a moment later.
    await eventually('both directories are read', async () => {
      const detail = (await source('journal:sshd'))?.detail;
      return detail === '/var/log/journal, /run/log/journal';
    });
  });

  it('journald itself: moved from memory to the disk, rotated, vacuumed and restarted: each entry once', async () => {
    const journald = await Journald.start(workplace);
    let service = new JournaldService(journald);
    const environment = {
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_JOURNAL: 'SYSLOG_IDENTIFIER=sshd',
      BAILIFF_MAXRETRY: '7',
    };
    bailiff = new Daemon(workplace, host, environment, journald.prelude);
    await bailiff.start();
    await bailiff.untilReading('journal:sshd');
    let written = 0;
    const judged = async (what: string) => {
      await service.fail('203.0.113.11');
      written += 1;
      await eventually(what, async () => (await source('journal:sshd'))?.lines === written, 30);
    };
    await judged('in memory');
    await journald.persist();
    await judged('on the disk');
    await journald.ask('--rotate');
    await judged('in the next file');
    await journald.ask('--rotate');
    // What was judged is stored within a second; what is thrown away before that nobody can read again after the kill.
    await pause(2_500);
    await journald.ask('--vacuum-files=1');
    await judged('after the files before are gone');
    await service.close();
    await journald.restart();
    service = new JournaldService(journald);
    await judged('of another journald');
    await bailiff.stop('SIGKILL');
    await journald.ask('--rotate');
    await service.fail('203.0.113.11');
    await bailiff.start();
    // The one before may not have been stored yet, and is then read again.
    await eventually('read on', async () => ((await source('journal:sshd'))?.lines ?? 0) > 0);
    await pause(1_000);
    assert.deepEqual(await bailiff.bannedAddresses(), [], 'six attempts');
    await service.fail('203.0.113.11');
    await banned('203.0.113.11');
    assert.equal((await bailiff.banned())[0]?.hits, 7);
    await service.close();
  });
});
