import assert from 'node:assert/strict';
import { readFail2ban } from '../../src/config/fail2ban/read.ts';
import type { Fail2banAction } from '../../src/config/fail2ban/types.ts';
import type { BanEvent } from '../../src/notify/notifier.ts';
import { folderOf } from './folder.ts';

/** An action as a jail `j` uses it, from the text of its file. */
export function actionOf(text: string, reference = 'a'): Fail2banAction {
  const folder = folderOf({
    'filter.d/f.conf': '[Definition]\nfailregex = ^bad <HOST>$\n',
    'action.d/a.conf': text,
    'jail.conf': `[j]\nenabled = true\nfilter = f\naction = ${reference}\n`,
  });
  const { jails, problems } = readFail2ban(folder);
  assert.deepEqual(problems, []);
  return jails[0]?.actions[0] ?? assert.fail('no action');
}

/** A ban as a jail tells of it. */
export function banOf(given: Partial<BanEvent> = {}): BanEvent {
  const { host = '203.0.113.7', failures = 5, matches = ['one', 'two'] } = given;
  return {
    jail: 'j',
    address: host,
    host,
    since: 1_700_000_000,
    until: 1_700_000_600,
    failures,
    bancount: 1,
    restored: false,
    matches,
    fields: {},
    inJail: { failures, matches },
    inAllJails: { failures, matches },
    ...given,
  };
}
