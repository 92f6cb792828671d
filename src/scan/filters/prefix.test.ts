import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuardedPrefix } from './prefix.ts';
import { Watch } from './watch.ts';

const tails = ['(?<content>.+)$', String.raw`(?<content>[^\n]+)(?=\n?$)`];
const heads = [
  '',
  '^',
  String.raw`^\s*`,
  String.raw`^\w+: (?:<(\d+)> )?`,
  String.raw`\[(\d+)\]: ?`,
  '^(?:a|ab|)',
  '^(a+?)',
  '^a|^b: ',
  String.raw`^(.)\1`,
];
const texts = [
  '',
  ' ',
  'a',
  'aa',
  'ab',
  'aab',
  'sshd: <7> failed',
  'sshd: <7> ',
  'sshd: ',
  '[1]: [2]: x',
  'b: x',
  'aaé€𝒳',
];
const ends = ['', '\n', '\r', '\rb', '\u2028c', '\nd', '\n\n', 'e\n'];

test('a prefix gives what its expression gives, also where it leaves out the end of that', () => {
  let short = 0;
  for (const tail of tails) {
    for (const head of heads) {
      const prefix = new GuardedPrefix(head + tail, false, new Watch());
      const whole = new RegExp(head + tail, 'us');
      for (const text of texts.flatMap((each) => ends.map((end) => each + end))) {
        const expected = whole.exec(text);
        const found = prefix.exec(text);
        const what = JSON.stringify([head + tail, text]);
        assert.equal(found === null, expected === null, what);
        if (found === null || expected === null) continue;
        const newline = tail.includes('?=') && prefix.rest?.endsWith('\n') ? 1 : 0;
        const content = prefix.rest?.slice(0, prefix.rest.length - newline) ?? found.at(-1);
        assert.equal(content, expected.groups?.['content'], what);
        assert.deepEqual(found.slice(1, expected.length - 1), expected.slice(1, -1), what);
        if (prefix.rest !== null) short++;
      }
    }
  }
  assert.ok(short > 100, `${short} were found without the end`);
});

test('a restrained prefix runs as a whole', () => {
  const prefix = new GuardedPrefix(`^a: ${tails[0]}`, false, new Watch());
  assert.deepEqual([prefix.exec('a: b')?.length, prefix.rest], [1, 'b']);
  prefix.restrain('timed');
  assert.deepEqual([prefix.exec('a: b')?.[1], prefix.rest], ['b', null]);
});
