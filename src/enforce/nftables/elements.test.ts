import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseElements } from './elements.ts';
import { SetNames } from './sets.ts';

const names = new SetNames(['drop']);

/** A table as `nft -j` prints it, with these sets. */
function table(...sets: readonly [name: string, elements: string][]): string {
  const head =
    '{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "bailiff", "handle": 1}}';
  const objects = sets.map(
    ([name, elements]) =>
      `{"set": {"family": "inet", "name": "${name}", "table": "bailiff", "type": "ipv4_addr", "handle": 2, "flags": ["timeout"]${elements === '' ? '' : `, "elem": [${elements}]`}}}`,
  );
  const rule =
    '{"rule": {"family": "inet", "table": "bailiff", "chain": "prerouting", "expr": [{"match": {"right": {"set": [80, "1.2.3.4"]}}}]}}';
  return `{"nftables": [${[head, ...objects, rule].join(', ')}]}`;
}

const timed = (address: string, seconds: number) =>
  `{"elem": {"val": "${address}", "timeout": 3600, "expires": ${seconds}}}`;
const read = (json: string) => [...parseElements(json, (name) => names.read(name))];
const element = (address: string, remaining: number) => ({ address, policy: 'drop', remaining });

test('elements are read with the prefix length of their set and their remaining time, rounded up', () => {
  const json = table(
    ['ban4_32', `${timed('203.0.113.7', 599)}, ${timed('203.0.113.8', 0)}`],
    ['ban4_24', timed('198.51.100.0', 2_147_482)],
    ['ban6_64', timed('2001:db8:1::', 9)],
    ['ban6_128', ''],
  );
  assert.deepEqual(read(json), [
    element('203.0.113.7', 600),
    element('203.0.113.8', 1),
    element('198.51.100.0/24', 2_147_483),
    element('2001:db8:1::/64', 10),
  ]);
});

test('what is not ours is marked: no time, a comment, a count', () => {
  const json = table([
    'ban4_32',
    [
      '"192.0.2.1"',
      '{"elem": {"val": "192.0.2.2", "comment": "mine"}}',
      '{"elem": {"val": "192.0.2.3", "timeout": 60, "expires": 59, "comment": "\\"192.0.2.9\\", {\\"elem\\": {"}}',
      '{"elem": {"val": "192.0.2.4", "timeout": 60, "expires": 59, "counter": {"packets": 0, "bytes": 0}}}',
      timed('192.0.2.5', 59),
    ].join(', '),
  ]);
  assert.deepEqual(read(json), [
    element('192.0.2.1', 0),
    element('192.0.2.2', 0),
    element('192.0.2.3', 0),
    element('192.0.2.4', 0),
    element('192.0.2.5', 60),
  ]);
});

test('other sets are passed over, and what no packet can match and no change name', () => {
  const json = table(
    ['other', timed('192.0.2.1', 9)],
    ['drop4_32_1a2b3c4d', timed('192.0.2.2', 9)],
    ['ban6_128', `"::ffff:192.0.2.3", ${timed('::1.2.3.4', 9)}`],
    ['ban4_24', `${timed('192.0.2.7', 9)}, "192.0.3.0"`],
  );
  const map =
    '{"map": {"family": "inet", "name": "ban4_31", "elem": [["1.2.3.4", {"drop": null}], "1.2.3.5"]}}';
  assert.deepEqual(read(json.replace('{"rule"', `${map}, {"rule"`)), [
    element('::102:304', 9 + 1),
    element('192.0.3.0/24', 0),
  ]);
  assert.deepEqual(read(''), []);
});
