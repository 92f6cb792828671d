import { Scanner } from '../../src/scan/scanner.ts';
import { fileSource } from '../../src/sources/file.ts';
import { JailList } from '../../src/sources/jail-list.ts';
import type { SourceHost } from '../../src/sources/source.ts';
import { badFilter } from '../setup/followed-log.ts';
import { jailWith } from '../setup/jail.ts';
import { quietHost } from '../setup/quiet-host.ts';

/** Follows one file as the daemon does, and writes every state as a line of JSON: `LOG`. */
const [, , log = ''] = process.argv;

const say = (state: string, detail: string): void => {
  process.stdout.write(`${JSON.stringify({ state, detail })}\n`);
};
const scanner = new Scanner(() => badFilter, {
  batch: (batch) => scanner.acknowledge(batch),
  state: (_id, state, detail) => say(state, detail),
  restarted: () => undefined,
  gap: () => undefined,
  streamLost: () => undefined,
});
const jail = jailWith('bad', { logpath: [log] });
const host: SourceHost = {
  ...quietHost,
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
  report: (_id, state, detail) => say(state, detail),
};
await fileSource.follow(new JailList([jail]), host, new AbortController().signal);
