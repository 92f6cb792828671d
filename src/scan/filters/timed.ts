import { createContext, Script } from 'node:vm';

/** CPU time, in ms, that an expression may take for one text. */
export const longestRunMs = 100;

/** The limit is one of time that passes; where another process had the processor meanwhile, the text gets as many chances. */
const mostTries = 10;

/** Time that passes, in ms, until an expression is broken off at the latest. */
export const longestTriesMs = mostTries * longestRunMs;

let work: () => void = () => undefined;
let limited: ((limitMs: number) => void) | null = null;

/** Made where it is needed: a context takes a megabyte. */
function limitedRun(): (limitMs: number) => void {
  const context = createContext({ run: () => work() });
  const script = new Script('run()');
  return (limitMs) => void script.runInContext(context, { timeout: limitMs });
}

/**
 * Runs an expression that may not come to an end. Null: no match; 'timeout': it was broken off. V8 breaks off only
 * what runs in a script with a limit, and that costs a thread: a tenth of a millisecond for each text.
 */
export function execTimed(
  regexp: RegExp,
  text: string,
  limitMs = longestRunMs,
): RegExpExecArray | null | 'timeout' {
  let match: RegExpExecArray | null = null;
  const run = () => {
    match = regexp.exec(text);
  };
  return endsWithin(limitMs, run) ? match : 'timeout';
}

/**
 * Runs what may not come to an end. False: it was broken off, wherever it was; no `finally` of its own was run. It is
 * called again where it had not the processor for its time, so it must be able to begin once more.
 */
export function endsWithin(limitMs: number, run: () => void): boolean {
  for (let tries = 0; tries < mostTries; tries++) {
    const before = process.threadCpuUsage();
    try {
      work = run;
      limited ??= limitedRun();
      limited(limitMs);
      return true;
    } catch (thrown) {
      if (!isTimeout(thrown)) throw thrown;
      const { user, system } = process.threadCpuUsage(before);
      if ((user + system) / 1_000 >= limitMs / 2) return false;
    } finally {
      work = () => undefined;
    }
  }
  return false;
}

/** The error is made in the script's own realm: it is no instance of this one's. */
function isTimeout(thrown: unknown): boolean {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : null;
  return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
