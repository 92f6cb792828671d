import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printableJson } from '../core/printable.ts';
import { jsonText, printable } from './output.ts';

/** What a client may write for a user's name, and what a person is to see of it. */
const attacks: readonly (readonly [string, string, string])[] = [
  ['clears the screen', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
  ['sets the title', '\u001b]0;root@db\u0007', '\\x1b]0;root@db\\x07'],
  ['answers as if typed', '\u001bP$q"p\u001b\\', '\\x1bP$q"p\\x1b\\'],
  ['makes a link', '\u001b]8;;http://evil.test\u001b\\ok', '\\x1b]8;;http://evil.test\\x1b\\ok'],
  ['the same in C1', '\u009b31m\u009d0;x\u009c', '\\x9b31m\\x9d0;x\\x9c'],
  ['goes back over the line', 'banned\rlet in\b\b', 'banned\\x0dlet in\\x08\\x08'],
  ['begins a line of its own', 'x\nNobody is banned.', 'x\\x0aNobody is banned.'],
  ['the same in Unicode', 'x\u2028y\u2029z\u0085', 'x\\u{2028}y\\u{2029}z\\x85'],
  ['shifts a table', 'a\tb\u000bc', 'a\\x09b\\x0bc'],
  ['turns the writing round', '\u202e7.311.0.302\u202c\u2066', '\\u{202e}7.311.0.302\\u{202c}\\u{2066}'],
  ['looks like another name', 'ro\u200bot\ufeff\u00ad', 'ro\\u{200b}ot\\u{feff}\\xad'],
  ['hides a text in tags', 'a\u{e0041}\u{e0042}', 'a\\u{e0041}\\u{e0042}'],
  ['shows nothing', 'a\u3164\u115f', 'a\\u{3164}\\u{115f}'],
  ['half a character', 'a\ud83dz', 'a\\u{d83d}z'],
  ['deletes, and ends a string', '\u007f\u0000', '\\x7f\\x00'],
];

for (const [what, text, shown] of attacks) {
  test(`printable: what ${what}`, () => {
    assert.equal(printable(text), shown);
  });

  test(`JSON of what ${what} is whole, and harmless`, () => {
    const json = jsonText({ text });
    assert.deepEqual(JSON.parse(json), { text });
    assert.equal(printable(json), json);
  });

  test(`the JSON of a log shows what ${what} also to who prints what he reads`, () => {
    const { text: read } = JSON.parse(printableJson(`${JSON.stringify({ text })}\n`)) as { text: string };
    assert.equal(read.replaceAll('\n', '\\x0a').replaceAll('\t', '\\x09'), shown);
  });
}

test('printable leaves the letters of all languages as they are', () => {
  for (const text of ['Grüße, Zoë', '東京 サーバー', 'пользователь', 'مستخدم', 'नमस्ते', '🦊', 'C:\\x1b']) {
    assert.equal(printable(text), text);
    assert.equal(jsonText(text), JSON.stringify(text));
    assert.equal(printableJson(JSON.stringify(text)), JSON.stringify(text));
  }
});
