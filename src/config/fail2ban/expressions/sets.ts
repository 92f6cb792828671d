import { characterText, memberText } from './character-text.ts';
import { caseVariants, variantsOfRange } from './letter-cases.ts';
import type { Category, NodeOf, SetItem } from './nodes.ts';

/** Any character, and none: what JavaScript has for them. */
export const anyCharacter = '[^]';
export const noCharacter = '(?!)';

/**
 * Python's categories as parts of a JavaScript class, by Unicode (`str.isalnum` and "_", `str.isdecimal`, `str.isspace`).
 * JavaScript's own are ASCII's, and its `\s` has other white space. The engine compiles such classes for
 * texts with one byte a character apart, so that they cost no more there.
 */
const unicodeMembers: Readonly<Record<Category, string>> = {
  w: String.raw`\p{L}\p{N}_`,
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  s: String.raw`\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`,
  S: String.raw`\0-\x08\x0e-\x1b!-\x84\x86-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\u{10ffff}`,
  // Cannot be said within a class: see `setText`.
  W: '',
};
const asciiMembers: Readonly<Record<Category, string>> = {
  w: String.raw`\w`,
  W: String.raw`\W`,
  d: String.raw`\d`,
  D: String.raw`\D`,
  s: String.raw`\t-\r `,
  S: String.raw`\0-\x08\x0e-\x1f!-\u{10ffff}`,
};
/** Of these, the complement is written by its sign. */
const complements: Readonly<Partial<Record<Category, Category>>> = { S: 's', W: 'w', D: 'd' };

export function categoryText(category: Category, ascii: boolean): string {
  const positive = complements[category];
  const members = ascii ? asciiMembers : unicodeMembers;
  if (positive !== undefined) return `[^${members[positive]}]`;
  return category === 's' || category === 'w' ? `[${members[category]}]` : members[category];
}

export function literalText({ code, ignoreCase, ascii }: NodeOf<'literal'>): string {
  const variants = ignoreCase ? caseVariants(code, ascii) : [code];
  return variants.length === 1 ? characterText(code) : `[${variants.map(memberText).join('')}]`;
}

/** One character of a class, as an expression of JavaScript's that can be repeated as it is. */
export function setText(set: NodeOf<'set'>): string {
  const { items, negated, ascii } = set;
  const [only] = items;
  if (items.length === 1 && only?.kind === 'category')
    return categoryText(negated ? opposite(only.category) : only.category, ascii);
  const categories = new Set(items.flatMap((item) => (item.kind === 'category' ? [item.category] : [])));
  if ([...categories].some((category) => categories.has(opposite(category))))
    return negated ? noCharacter : anyCharacter;
  const members = membersText(set);
  if (!categories.has('W') || ascii) return `[${negated ? '^' : ''}${members}]`;
  const word = categoryText('w', false);
  if (negated) return members === '' ? word : `(?:(?![${members}])${word})`;
  const notWord = categoryText('W', false);
  return members === '' ? notWord : `(?:${notWord}|[${members}])`;
}

function membersText({ items, ignoreCase, ascii }: NodeOf<'set'>): string {
  const texts = items.map((item) => itemText(item, ascii));
  if (!ignoreCase) return texts.join('');
  const more = items.flatMap((item) =>
    item.kind === 'range' ? variantsOfRange(item.from, item.to, ascii) : [],
  );
  return texts.join('') + [...new Set(more)].map(memberText).join('');
}

function itemText(item: SetItem, ascii: boolean): string {
  if (item.kind === 'category') return (ascii ? asciiMembers : unicodeMembers)[item.category];
  const { from, to } = item;
  if (from === to) return memberText(from);
  return `${memberText(from)}${to === from + 1 ? '' : '-'}${memberText(to)}`;
}

function opposite(category: Category): Category {
  const upper = category.toUpperCase() as Category;
  return category === upper ? (category.toLowerCase() as Category) : upper;
}
