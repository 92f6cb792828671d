import { Scanner } from '../../src/scan/scanner.ts';
import { fileSource } from '../../src/sources/file.ts';
import type { SourceHost } from '../../src/sources/source.ts';
import { badFilter } from '../setup/followed-log.ts';

/** Follows one file as the daemon does, and writes every state as a line of JSON: `LOG`. */
const [, , log = ''] = process.argv;

const say = (state: string, detail: string): void => {
  process.stdout.write(`${JSON.stringify({ state, detail })}\n`);
};
const scanner = new Scanner([badFilter], {
  batch: (batch) => scanner.acknowledge(batch),
  state: (_id, state, detail) => say(state, detail),
  restarted: () => undefined,
  gap: () => undefined,
  streamLost: () => undefined,
});
const limits = {
  maxretry: 5,
  findtime: 600,
  bantime: 600,
  ignoreip: [],
  action: 'drop',
  ports: 'all',
} as const;
const jail = {
  name: 'bad',
  enabled: true,
  filter: 'bad',
  logpath: [log],
  container: [],
  journal: [],
  kubernetes: [],
  syslog: [],
  encoding: 'utf-8',
  ...limits,
} as const;
const host: SourceHost = {
  open: ({ id, input }) => {
    scanner.open({ id, input, filters: ['bad'], cursor: null });
    return {
      cursor: null,
      lost: new AbortController().signal,
      write: async () => undefined,
      end: async () => undefined,
      close: () => scanner.close(id),
      report: say,
    };
  },
  cursorOf: () => null,
  dropped: () => undefined,
  report: (_id, state, detail) => say(state, detail),
  jailsFromLabels: () => [],
  protectNetworks: () => undefined,
  publishes: () => undefined,
  gaps: () => undefined,
  engineChanged: () => undefined,
  now: () => Date.now() / 1_000,
};
await fileSource.follow([jail], host, new AbortController().signal);
