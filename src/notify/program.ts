import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { execa } from 'execa';

/** How a command ended. */
export interface Outcome {
  readonly ok: boolean;
  /** null: it did not end by itself. */
  readonly exitCode: number | null;
  /** Why it did not do well, with the end of what it printed, on one line; '' where it did. */
  readonly complaint: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ProgramOptions extends RunOptions {
  /** Beside a plain environment, which holds nothing of the daemon's own. */
  readonly env: Readonly<Record<string, string>>;
  /** What it reads; absent: nothing. */
  readonly input?: string | Uint8Array;
}

/** Characters of its output that are kept. */
const mostOutput = 1_000;
/** Between asking all processes of a command to end and killing them, in ms; fail2ban's own. */
const graceMs = 200;
/** How long a killed command is waited for, in ms. */
const longestDeathMs = 1_000;

/**
 * Runs a program, without a shell, until it ends; what it leaves in the background goes on. At the timeout all of its
 * processes are killed. Never throws for what the program does.
 */
export async function runProgram(
  [file, ...args]: readonly [string, ...string[]],
  { env, input, timeoutMs, signal }: ProgramOptions,
): Promise<Outcome> {
  if (signal.aborted) return failure('given up before it began');
  const child = execa(file, args, {
    reject: false,
    buffer: false,
    stdin: input === undefined ? 'ignore' : 'pipe',
    cwd: '/',
    extendEnv: false,
    env: { ...plainEnvironment(), ...env },
    // A process group of its own, which can be killed whole.
    detached: true,
  });
  // One that does not read it is no failure.
  child.stdin?.on('error', () => undefined).end(input);
  const output = new Tail(mostOutput);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => output.add(chunk));
  }
  child.nodeChildProcess.once('exit', () => void letGo(child));
  const cancel = new AbortController();
  const late = Promise.race([
    delay(timeoutMs, `took longer than ${timeoutMs / 1000} s`, { signal: cancel.signal }),
    once(signal, 'abort', { signal: cancel.signal }).then(() => 'given up, as the daemon stops'),
  ]);
  const reason = await Promise.race([child.then(() => null), late.catch(() => null)]);
  cancel.abort();
  if (reason !== null) {
    if (child.pid !== undefined) await killGroup(child.pid, child);
    return failure(reason, output.text);
  }
  const { exitCode, signal: endedBy, code } = await child;
  if (exitCode === 0) return { ok: true, exitCode, complaint: '' };
  const how = endedBy === undefined ? `did not start (${code ?? 'nobody knows why'})` : `ended by ${endedBy}`;
  if (exitCode === undefined) return failure(how, output.text);
  return { ...failure(`exit code ${exitCode}`, output.text), exitCode };
}

interface Streams {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Reads what a command has printed before its end, and then no more: what it left in the background may hold the pipes. */
async function letGo({ stdout, stderr }: Streams): Promise<void> {
  await nextTurn();
  await nextTurn();
  stdout.destroy();
  stderr.destroy();
}

/** Nothing of the daemon's own environment, which may hold secrets. */
function plainEnvironment(): Record<string, string> {
  return {
    PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
    LANG: process.env['LANG'] ?? 'C.UTF-8',
  };
}

function failure(how: string, printed = ''): Outcome {
  const said = printed
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(-mostOutput);
  return { ok: false, exitCode: null, complaint: said === '' ? how : `${how}: ${said}` };
}

async function killGroup(pid: number, ended: Promise<unknown>): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  await delay(graceMs);
  signalGroup(pid, 'SIGKILL');
  // What waits for a disk or a file server that is gone cannot be killed, and must not hold up what comes next.
  await Promise.race([ended, delay(longestDeathMs, undefined, { ref: false })]);
}

function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name);
  } catch {
    // None of them is left.
  }
}

/** The end of a text that may be without one. */
class Tail {
  readonly #most: number;
  text = '';

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: string): void {
    this.text = (this.text + chunk).slice(-this.#most);
  }
}
