import { ConfigurationErrors } from '../config/errors.ts';
import { findFilters, shippedFilters } from '../config/filters.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import type { Status } from '../control/protocol.ts';
import { BailiffError, messageLine } from '../core/errors.ts';
import { examine, type Report } from '../doctor/examination.ts';
import { checks } from '../doctor/registry.ts';
import { thisMachine } from '../doctor/this-machine.ts';
import { daemon } from './daemon.ts';
import { doctorLines } from './doctor-view.ts';
import { printJson, printLine } from './output.ts';
import { paint } from './pieces.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly json?: true;
}

/** What still runs after this time (ms) is ended: a check gives up before it. */
const longestMs = 25_000;

/**
 * `bailiff doctor`: every check, with or without a daemon. Returns the exit code: 1 where there is a problem.
 */
export async function doctorCommand({ config, json }: DoctorOptions): Promise<0 | 1> {
  const [status, configuration] = await Promise.all([askDaemon(), readConfiguration(config)]);
  const signal = AbortSignal.timeout(longestMs);
  const reports = await examine(await thisMachine({ daemon: status, ...configuration, signal }), checks);
  const healthy = reports.every(({ findings }) => findings.every(({ level }) => level !== 'problem'));
  if (json) printJson({ ok: healthy, daemon: !(status instanceof Error), checks: reports });
  else printReports(reports);
  return healthy ? 0 : 1;
}

function printReports(reports: readonly Report[]): void {
  for (const { text, tone } of doctorLines(reports)) {
    printLine(tone === undefined ? text : paint(tone, text));
  }
}

async function askDaemon(): Promise<Status | BailiffError> {
  try {
    return await daemon().status();
  } catch (error) {
    if (error instanceof BailiffError) return error;
    throw error;
  }
}

interface ReadConfiguration {
  readonly settings: Configuration | null;
  readonly configurationErrors: readonly string[];
}

/** As `bailiff run` would. */
async function readConfiguration(file: string | undefined): Promise<ReadConfiguration> {
  try {
    const settings = await loadConfiguration({
      ...(file === undefined ? {} : { file }),
      environment: process.env,
      knownFilters: await findFilters([shippedFilters]),
    });
    const left = settings.fail2ban?.problems ?? [];
    return { settings, configurationErrors: left.map(messageLine) };
  } catch (error) {
    if (!(error instanceof ConfigurationErrors)) throw error;
    return { settings: null, configurationErrors: error.errors.map(messageLine) };
  }
}
