import { readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { namesIn, readBounded } from '../host/bounded-file.ts';

const mostProcesses = 50_000;
const mostDescriptors = 1_024;
/** Of /proc/PID/cmdline and status, in bytes. */
const largestText = 8_192;
const largestName = 64;

/** Since 9.8 the listener is `sshd` and what serves a connection `sshd-session`; `sshd-auth` has not seen a login. */
const programs = new Set(['sshd', 'sshd-session']);

/**
 * What sshd calls a process: the user, and once there is a session its terminals or `notty`. Before the
 * login something in brackets follows (`[accepted]`, `NAME [priv]`, `NAME [net]`), where NAME is what the
 * client said it was: whatever it holds, the end tells.
 */
const sessionTitle = /^sshd(?:-session)?: ([^\s[\]]{1,256}?)(@(?:notty|pts\/\d+(?:,pts\/\d+)*))?$/;

/** How long (seconds) a process that is no sshd counts as none: its number may be another's by then. */
const strangerAge = 60;

/**
 * The processes that serve an authenticated SSH session.
 *
 * Anybody may give his own process such a title, even run a real sshd with it. So the process must have
 * become somebody else under a monitor of root's, or be root's and serve root. A process whose program cannot be
 * read (another's, without SYS_PTRACE) is passed over.
 */
export class SshProcesses {
  readonly #proc: string;
  /** Processes that are no sshd, so that each is looked at once. */
  #strangers = new Set<string>();
  #strangersUntil = Number.NEGATIVE_INFINITY;

  constructor(root: string) {
    this.#proc = join(root, 'proc');
  }

  /**
   * Their sockets: inode to process id. Sockets that a session forwards are among them; whoever asks knows the
   * ports of sshd. `now` in seconds, never stepped.
   */
  authenticatedSockets(now: number): Map<string, number> {
    const sockets = new Map<string, number>();
    for (const pid of this.#sshd(now)) {
      if (!servesLogin(this.#proc, pid)) continue;
      for (const inode of socketsOf(join(this.#proc, pid, 'fd'))) sockets.set(inode, Number(pid));
    }
    return sockets;
  }

  #sshd(now: number): string[] {
    if (now >= this.#strangersUntil) {
      this.#strangers = new Set();
      this.#strangersUntil = now + strangerAge;
    }
    const known = this.#strangers;
    this.#strangers = new Set();
    return namesIn(this.#proc, /^\d+$/, mostProcesses).filter((pid) => {
      if (!known.has(pid) && programs.has(textOf(join(this.#proc, pid, 'comm'), largestName).trimEnd()))
        return true;
      this.#strangers.add(pid);
      return false;
    });
  }
}

function servesLogin(proc: string, pid: string): boolean {
  const title = textOf(join(proc, pid, 'cmdline')).replace(/\0+$/, '');
  const [, user, terminals] = sessionTitle.exec(title) ?? [];
  if (user === undefined || user === 'unknown' || !isSshd(proc, pid)) return false;
  const { uid, parent } = statusOf(proc, pid);
  // For root there is no change of user, and before OpenSSH 7.5 a bare name could stand there before the login.
  if (uid === '0') return user === 'root' && terminals !== undefined;
  return uid !== '' && statusOf(proc, parent).uid === '0' && isSshd(proc, parent);
}

function isSshd(proc: string, pid: string): boolean {
  // Where the package was upgraded meanwhile the kernel appends a word.
  return programs.has(basename(linkOf(join(proc, pid, 'exe')).replace(/ \(deleted\)$/, '')));
}

/** The real user id: root's monitor takes on others for a moment. */
function statusOf(proc: string, pid: string): { uid: string; parent: string } {
  const text = textOf(join(proc, pid, 'status'));
  return {
    uid: /^Uid:\s+(\d+)/m.exec(text)?.[1] ?? '',
    parent: /^PPid:\s+(\d+)$/m.exec(text)?.[1] ?? '0',
  };
}

function socketsOf(directory: string): string[] {
  return namesIn(directory, /^\d+$/, mostDescriptors).flatMap(
    (descriptor) => /^socket:\[(\d+)\]$/.exec(linkOf(join(directory, descriptor)))?.[1] ?? [],
  );
}

function textOf(path: string, most = largestText): string {
  return readBounded(path, most)?.toString('utf8') ?? '';
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
