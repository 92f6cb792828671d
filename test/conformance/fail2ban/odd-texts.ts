import type { Random } from '../../fuzz/random.ts';

/** Characters that the two languages have been known to see differently, and what means something in a log. */
const pieces: readonly [string, ...string[]] = [
  '\n\n',
  ...'\0\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f\x7f\x85\xa0 .:,;"\'()[]<>=-_/\\',
  ...'\u1680\u180e\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff',
  ...'aAzZ09iIkKsSıİſKåÅÅµμΣσςßẞéÉǅ',
  ...'٣५²½Ⅷ一_‿\u0301\u0345🙂𐐀𐐨𝟗',
  ' from ',
  'user=x ',
  '203.0.113.7',
  '2001:db8::7',
  '::ffff:192.0.2.1',
  'mail.example.net',
  'port 22 ',
];

export function oddPiece(random: Random): string {
  return random.pick(pieces);
}

/** The text with one to four things changed. */
export function oddText(text: string, random: Random): string {
  let result = text;
  for (let count = 1 + random.below(4); count > 0; count--) result = changed(result, random);
  return result;
}

function changed(text: string, random: Random): string {
  const characters = [...text];
  const at = random.below(characters.length + 1);
  const length = random.below(8);
  const before = characters.slice(0, at).join('');
  const span = characters.slice(at, at + length).join('');
  const after = characters.slice(at + length).join('');
  switch (random.below(9)) {
    case 0:
      return before + after;
    case 1:
      return before + span + span + after;
    case 2:
      return before + oddPiece(random) + after;
    case 3:
      return before + span.toUpperCase() + after;
    case 4:
      return before + span.toLowerCase() + after;
    case 5:
      return text.replace(/[^\S\n]/u, () => oddPiece(random));
    case 6:
      return random.below(2) === 0 ? `${text}\n` : text.replace(/\n$/, '');
    case 7:
      return before + span.replace(/\d/g, () => random.pick(['٣', '7', '𝟗', '²'])) + after;
    default:
      return before + oddPiece(random) + span + after;
  }
}
