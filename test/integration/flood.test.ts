import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import type { SourceStatus } from '../../src/control/protocol.ts';

const command = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const mebibyte = 1024 * 1024;
const size = 500 * mebibyte;
/** Generous: some 100 were seen. */
const mostGrowth = 300;

/** The resident memory of a process in MiB: now, or the most it ever had. */
function memory(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const figure = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(figure?.[1]) / 1024;
}

test('500 MB in one log: memory stays bounded, and another log is judged meanwhile', {
  timeout: 280_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-flood-'));
  const flooded = join(folder, 'flooded.log');
  const quiet = join(folder, 'quiet.log');
  for (const log of [flooded, quiet]) writeFileSync(log, '');
  const daemon = execa(process.execPath, ['--disable-warning=ExperimentalWarning', command, 'run'], {
    reject: false,
    stdio: 'ignore',
    env: {
      BAILIFF_STATE_DIR: join(folder, 'state'),
      BAILIFF_SOCKET: join(folder, 'bailiff.sock'),
      BAILIFF_CONFIG: '',
      BAILIFF_DOCKER_SOCKET: join(folder, 'no-docker.sock'),
      BAILIFF_JAILS: 'sshd',
      BAILIFF_JAIL_SSHD_LOGPATH: `${flooded},${quiet}`,
      BAILIFF_JAIL_SSHD_MAXRETRY: '1',
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_LISTEN: '',
    },
  });
  t.after(async () => {
    daemon.kill('SIGKILL');
    await daemon;
    rmSync(folder, { recursive: true });
  });
  const client = new ControlClient(join(folder, 'bailiff.sock'));
  const sourceOf = async (log: string): Promise<SourceStatus | undefined> => {
    const status = await client.status().catch(() => null);
    return status?.sources.find(({ id }) => id === `file:${log}`);
  };
  while ((await sourceOf(quiet))?.state !== 'reading') await setTimeout(100);
  const pid = daemon.pid ?? 0;
  const before = memory(pid, 'VmRSS');
  const noise = Buffer.from(
    '2026-11-22T16:02:01Z host sshd[77]: nothing of interest happened\n'.repeat(16_000),
  );
  for (let written = 0; written < size; written += noise.length) appendFileSync(flooded, noise);
  const date = new Date().toISOString();
  appendFileSync(quiet, `${date} host sshd[78]: Failed password for root from 203.0.113.7 port 4242 ssh2\n`);
  while ((await client.bans()).length === 0) await setTimeout(5);
  const behind = (await sourceOf(flooded))?.lag ?? 0;
  while (((await sourceOf(flooded))?.lag ?? 0) > 0) await setTimeout(100);
  const growth = memory(pid, 'VmHWM') - before;
  t.diagnostic(`${Math.round(behind / mebibyte)} MiB were not judged when the other log's line was`);
  t.diagnostic(`from ${Math.round(before)} MiB by at most ${Math.round(growth)} MiB`);
  assert.ok(growth < mostGrowth, `memory grew by ${growth} MiB`);
  assert.ok(behind > 0, 'the flood was not over');
});
