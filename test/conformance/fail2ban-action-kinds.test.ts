import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOfAction } from '../../src/config/fail2ban/action-kind.ts';
import { readFail2ban } from '../../src/config/fail2ban/read.ts';
import { stockNames, stockWith } from './folders.ts';

/** Only there to be included, and without a [Definition]. */
const parts = ['firewallcmd-common', 'helpers-common', 'mail-whois-common'];

/** How each of Debian's actions is to be taken, by its name. */
const expected: readonly (readonly [name: RegExp, kind: string])[] = [
  [/^(?:iptables|nftables|firewallcmd|shorewall|symbiosis)/, 'enforcement'],
  [/^(?:ufw|pf|npf|apf|hostsdeny|route|osx-.*|ipfw|bsd-ipfw|ipfilter)$/, 'enforcement'],
  [/^(?:sendmail|mail)/, 'mail'],
  [/^smtp\.py$/, 'mail'],
  [/^badips\.py$/, 'python'],
  [/^dummy$/, 'command'],
  [/./, 'report'],
];

test('every action of Debian’s has its kind, and all that shut somebody out are enforcement', (context) => {
  const names = stockNames('action.d').filter((name) => !parts.includes(name));
  const section = (name: string) =>
    `[${name}]\nenabled = true\nfilter = sshd\naction = ${name}[port="ssh,8022", protocol=tcp]\n`;
  const folder = stockWith({ 'jail.conf': names.map(section).join('') });
  const { jails, problems } = readFail2ban(folder);
  assert.deepEqual(problems, []);
  const kinds = new Map(
    jails.flatMap(({ actions }) => actions.map((action) => [action.name, kindOfAction(action)])),
  );
  for (const name of names) {
    const kind = kinds.get(name) ?? assert.fail(`${name} was not read`);
    context.diagnostic(`${name}: ${JSON.stringify(kind)}`);
    assert.deepEqual('leftOut' in kind ? kind.leftOut : [], [], name);
    assert.equal(kind.kind, expected.find(([pattern]) => pattern.test(name))?.[1], name);
  }
  assert.ok(kinds.size > 55);
});
