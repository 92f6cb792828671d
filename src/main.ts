import { runDaemon } from './app/daemon.ts';
import { configurationFile } from './config/file-layer.ts';
import { findFilters, shippedFilters } from './config/filters.ts';
import { loadConfiguration } from './config/load.ts';

/** An orderly end takes a fraction of a second; Docker kills after ten. */
const longestStopMs = 8_000;

/**
 * The daemon in the foreground: until SIGINT or SIGTERM, which end it in order, the rules staying. At SIGHUP it reads
 * its configuration again.
 * @throws ConfigurationErrors with everything that is wrong in the configuration; BailiffError where it cannot start
 */
export async function main(file: string | undefined, environment: NodeJS.ProcessEnv): Promise<void> {
  const stop = new AbortController();
  endOnSignals(stop);
  const load = async () =>
    loadConfiguration({
      ...(file === undefined ? {} : { file }),
      environment,
      knownFilters: await findFilters([shippedFilters]),
    });
  // One that comes before the daemon is there asks for nothing: what it reads is no older.
  let reload = (): void => undefined;
  process.on('SIGHUP', () => reload());
  const onSignal = (again: () => void): void => {
    reload = again;
  };
  const reading = { load, path: configurationFile(file, environment), onSignal };
  await runDaemon(await load(), reading, stop.signal);
}

/**
 * The first signal ends in order, a second one at once. The handlers stay: without one of our own, the
 * clean-up of long-lived children would end the process before us.
 */
function endOnSignals(stop: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
      // What does not end by itself must not keep the machine from going down. SIGKILL, since an orderly
      // exit waits for a write to a log that nobody reads; it loses nothing that was committed.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), longestStopMs).unref();
    });
  }
}
