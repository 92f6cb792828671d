import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jailWith } from '../../test/setup/jail.ts';
import { quietHost } from '../../test/setup/quiet-host.ts';
import { JailList } from './jail-list.ts';
import { kubernetesSource } from './kubernetes.ts';
import type { OpenSource, SourceHost } from './source.ts';

const jail = (name: string, pods: string) => jailWith(name, { filter: 'sshd', kubernetes: [pods] });

test('when the jails change, only pods are opened again, or left, that others read now', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiff-pods-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const pod of ['web', 'db']) {
    writeFileSync(join(folder, `${pod}.txt`), '');
    symlinkSync(join(folder, `${pod}.txt`), join(folder, `${pod}_shop_main-${'0'.repeat(64)}.log`));
  }
  const events: string[] = [];
  let wake = (): void => undefined;
  const note = (event: string): void => {
    events.push(event);
    wake();
  };
  const host: SourceHost = {
    ...quietHost,
    open: ({ id, jails }): OpenSource => {
      const pod = id.replace(/^kubernetes:shop\/(\w+)\/.*/, '$1');
      note(`${pod} ${jails.map(({ name }) => name).join()}`);
      return {
        cursor: null,
        lost: new AbortController().signal,
        write: async () => undefined,
        end: async () => note(`${pod} ended`),
        close: () => undefined,
        report: () => undefined,
      };
    },
  };
  const seen = async (...expected: string[]): Promise<void> => {
    while (events.length < expected.length)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    assert.deepEqual(events.splice(0).sort(), expected.sort());
  };
  const stop = new AbortController();
  const jails = new JailList([jail('a', 'shop/web/*'), jail('b', 'shop/*/*')]);
  const following = kubernetesSource(folder).follow(jails, host, stop.signal);
  await seen('web a,b', 'db b');
  jails.replace([{ ...jail('a', 'shop/web/*'), maxretry: 1 }, jail('b', 'shop/web/*')]);
  await seen('db ended');
  jails.replace([jail('c', 'shop/web/*')]);
  await seen('web c');
  stop.abort();
  await following;
});
