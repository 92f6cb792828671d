import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { JournalFile } from './testbed/journal.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { repeated, shuffled } from './testbed/shuffle.ts';
import { Workplace } from './testbed/workplace.ts';

const maxretry = 5;
const kills = 6;
/** The address that is banned when a file was judged to its end. */
const last = (part: number) => `192.0.2.${part + 1}`;
/** As many addresses at the limit as one below it: one lost entry misses a ban, one counted twice adds one. */
const guilty = Array.from({ length: 250 }, (_, index) => `198.51.100.${index + 1}`);
const innocent = Array.from({ length: 250 }, (_, index) => `203.0.113.${index + 1}`);

describe('SIGKILL while a journal grows, rotates and is vacuumed', {
  timeout: 300_000,
  skip: cannotRun(),
}, () => {
  let workplace: Workplace;
  let directory: string;
  let file: JournalFile;
  let bailiff: Daemon;
  before(async () => {
    workplace = await Workplace.open();
    const { host } = await createNetwork(workplace);
    directory = workplace.makeDirectory('journal');
    file = new JournalFile(`${directory}/0.journal`);
    bailiff = new Daemon(workplace, host, {
      BAILIFF_JOURNAL_DIRECTORY: directory,
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_JOURNAL: '_SYSTEMD_UNIT=ssh.service',
      BAILIFF_MAXRETRY: `${maxretry}`,
      BAILIFF_BANTIME: '1h',
    });
    await bailiff.start();
  });
  after(async () => {
    await file.close();
    await workplace?.close();
  });

  const isBanned = (address: string) =>
    eventually(`${address} is banned`, async () => (await bailiff.bannedAddresses()).includes(address));

  it(`bans exactly the addresses that reached maxretry, after ${kills} kills`, async () => {
    const lines = shuffled([...repeated(guilty, maxretry), ...repeated(innocent, maxretry - 1)]);
    let written = 0;
    const share = Math.ceil(lines.length / (kills + 1));
    let killing = Promise.resolve();
    for (let part = 0; part <= kills; part++) {
      if (part > 0) {
        // journald begins a new file, while the old one is still to be read.
        const full = file;
        await full.fail(...repeated([last(part - 1)], maxretry));
        file = new JournalFile(`${directory}/${part}.journal`);
        await full.close();
        await killing;
        // Vacuum takes the oldest one, once it was judged to its end.
        if (part > 1) {
          await isBanned(last(part - 2));
          rmSync(`${directory}/${part - 2}.journal`);
        }
        // In the middle of reading: the entries are not waited for.
        killing = bailiff.stop('SIGKILL').then(() => bailiff.start());
      }
      const end = Math.min(lines.length, written + share);
      for (; written < end; written += 5) {
        await file.fail(...lines.slice(written, Math.min(end, written + 5)));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      written = end;
    }
    await killing;
    await file.fail(...repeated([last(kills)], maxretry));
    await isBanned(last(kills));
    const ends = Array.from({ length: kills + 1 }, (_, part) => last(part));
    assert.deepEqual(await bailiff.bannedAddresses(), [...ends, ...guilty].sort());
  });
});
