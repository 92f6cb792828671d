import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { quietHost } from '../../test/setup/quiet-host.ts';
import { findFilters, shippedFilters } from '../config/filters.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import type { OpenSource } from '../sources/source.ts';
import { Intake } from './intake.ts';
import { Sources } from './sources.ts';

const unused = () => assert.fail('nothing is read here');

const source: OpenSource = {
  cursor: null,
  lost: new AbortController().signal,
  write: async () => undefined,
  end: async () => undefined,
  close: () => undefined,
  report: () => undefined,
};

/** An intake that opens nothing, for what kinds report of themselves. */
function idleIntake(): Intake {
  return new Intake({
    scanner: { open: unused, write: unused, end: unused, close: unused, acknowledge: unused },
    jail: unused,
    cursor: () => null,
    judge: unused,
    counted: unused,
    failed: unused,
    closed: unused,
    timeZone: undefined,
    clock: { now: () => 0 },
  });
}

test('a kind of source comes when a jail asks for it, goes, and comes again; one with other settings is begun anew', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-sources-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const environment = (jail: string, port = 'log'): NodeJS.ProcessEnv => ({
    BAILIFF_CONFIG: '',
    BAILIFF_DOCKER: 'false',
    BAILIFF_SYSLOG_LISTEN: `unix:${join(folder, `${port}.sock`)}`,
    BAILIFF_JAILS: 'sshd',
    [`BAILIFF_JAIL_SSHD_${jail}`]: jail === 'SYSLOG' ? 'sshd' : '/nowhere/log',
  });
  const knownFilters = await findFilters([shippedFilters]);
  const load = (variables: NodeJS.ProcessEnv): Promise<Configuration> =>
    loadConfiguration({ environment: variables, knownFilters });
  const [files, received, elsewhere] = await Promise.all([
    load(environment('LOGPATH')),
    load(environment('SYSLOG')),
    load(environment('SYSLOG', 'other')),
  ]);
  const reported = new Set<string>();
  let wake = (): void => undefined;
  const sources = new Sources(files, {
    host: {
      ...quietHost,
      open: () => source,
      report: (id) => {
        reported.add(id.replace(/^.*\/(\w+)\.sock$/, 'at $1'));
        wake();
      },
      forget: (id) => {
        reported.delete(id.replace(/^.*\/(\w+)\.sock$/, 'at $1'));
        wake();
      },
    },
    intake: idleIntake(),
    log: pino({ enabled: false }),
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds())
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  const stop = new AbortController();
  const running = sources.run(stop.signal);
  assert.equal(reported.has('at log'), false);
  for (let time = 0; time < 2; time++) {
    sources.reconfigure(received);
    await until(() => reported.has('at log'));
    sources.reconfigure(files);
    await until(() => !reported.has('at log'));
  }
  sources.reconfigure(received);
  await until(() => reported.has('at log'));
  sources.reconfigure(elsewhere);
  await until(() => reported.has('at other') && !reported.has('at log'));
  stop.abort();
  await running;
});

test('what is read at the start is opened at once, since it is announced then', async () => {
  const environment = {
    BAILIFF_CONFIG: '',
    BAILIFF_DOCKER: 'false',
    BAILIFF_JAILS: 'sshd',
    BAILIFF_JAIL_SSHD_LOGPATH: '/nowhere/log',
  };
  const knownFilters = await findFilters([shippedFilters]);
  const configuration = await loadConfiguration({ environment, knownFilters });
  const opened: string[] = [];
  const sources = new Sources(configuration, {
    host: {
      ...quietHost,
      open: ({ id }) => {
        opened.push(id);
        return source;
      },
    },
    intake: idleIntake(),
    log: pino({ enabled: false }),
  });
  const stop = new AbortController();
  const ran = sources.run(stop.signal);
  assert.deepEqual(opened, ['file:/nowhere/log']);
  stop.abort();
  await ran;
});
