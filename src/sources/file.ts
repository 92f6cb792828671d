import type { JailConfiguration } from '../config/schema.ts';
import type { SourceKind } from './source.ts';

/** Log files of the host. The scanner's thread reads them itself: this only says which. */
export const fileSource: SourceKind = {
  name: 'file',
  async follow(jails, host, signal) {
    const opened = [...jailsByPath(jails)].map(([path, wanting]) =>
      host.open({
        id: `file:${path}`,
        input: { kind: 'file', path, readers: wanting.map(({ name }) => name) },
        jails: wanting,
      }),
    );
    await aborted(signal);
    for (const source of opened) source.close();
  },
};

/** One file is read once, however many jails judge it. */
function jailsByPath(jails: readonly JailConfiguration[]): Map<string, JailConfiguration[]> {
  const byPath = new Map<string, JailConfiguration[]>();
  for (const jail of jails) {
    for (const path of jail.logpath) byPath.set(path, [...(byPath.get(path) ?? []), jail]);
  }
  return byPath;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
