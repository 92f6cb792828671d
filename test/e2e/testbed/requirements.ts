import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { journalWriter } from './journal.ts';
import { journaldProgram } from './journald.ts';

const tools = [
  'curl',
  'debootstrap',
  'docker',
  'docker-compose',
  'dockerd',
  'git',
  'ip',
  'ip6tables',
  'ipset',
  'journalctl',
];
tools.push('iptables', 'nsenter', 'rsyslogd', 'ssh', 'ssh-keygen', 'sshd', 'sshpass', 'stdbuf', 'unshare');

/** Why the testbed, with these further programs, cannot be had on this machine, as `skip` takes it; false where it can. */
export function cannotRun(further: readonly string[] = []): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces and a Docker engine of its own';
  const missing = [...tools, ...further].filter((tool) => !isInstalled(tool));
  if (!existsSync(journaldProgram)) missing.push('systemd');
  if (!existsSync(journalWriter)) missing.push('systemd-journal-remote');
  return missing.length > 0 && `needs ${missing.join(', ')} (scripts/test installs them on Debian)`;
}

function isInstalled(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
