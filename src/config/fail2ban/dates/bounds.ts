import type { LocatedText } from '../expressions/located-text.ts';
import { categoryText } from '../expressions/sets.ts';

/** Where a date must begin: where a word may, at the line's beginning (`{^LN-BEG}`), or anywhere. */
export type Beginning = 'word' | 'line' | 'anywhere';

/** A date's Python expression, whose first group is the date. */
export interface BoundExpression {
  readonly expression: LocatedText;
  /** It was bound to the beginning of the line here, and not by its own text. */
  readonly lineBound: boolean;
  readonly anchored: boolean;
}

const space = categoryText('s', false);
const outerSpace = new RegExp(`^${space}+|${space}+$`, 'gu');

const lineStartBound = String.raw`^(?:\W{0,2})?`;
const wordStartBound = String.raw`(?=^|\b|\W)`;
const wordEndBound = String.raw`(?=\b|\W|$)`;

const globalFlags = /\(\?[a-z]+\)/;
const anyFlags = new RegExp(globalFlags, 'g');
const plainGroup = /(?<!\(\?|\\)\((?!\?)/;
const opening = /^(?:\(\?\w+\))?\^?(?:\(\?\w+\))?/g;
const beforeLastDollar = /(?=\$$)|(?<!\$)$/g;

/** What an owner writes where no word's bound is wanted: an anchor, or two stars. */
const ownBeginning = /^\(*(?:\(\?\w+\))?(?:\^|\(*\*\*|\((?:\?:)?\^)/;
const ownEnd = /(?<!\\)(?:\$\)?|\\[bs]|\*\*\)*)$/;
const startStars = /(?<=^\(*(?:\(\?\w+\))?\(*)\*\*/g;
const endStars = /(?<!\\)\*\*(?=\)*$)/g;

const lineStart = /^(?:\(\?\w+\))?(?:\^|\((?:\?:)?\^(?!\|))/;
const lineEnd = /(?<![\\|])\$\)?$/;

/**
 * Binds a date as fail2ban does (DateTemplate.setRegex of 1.0 and 1.1): at both ends to a word's bounds unless the
 * expression says otherwise, with a group around all of it unless it has one without a name, and with flags at the front.
 * All of that goes by the expression's text. At the line's beginning two characters of no word may stand before the date.
 */
export function bound(expression: LocatedText, begin: Beginning, endAtWord: boolean): BoundExpression {
  let text = stripped(expression);
  const flags = globalFlags.exec(text.text);
  text = text.replaced(anyFlags, ({ 0: each, index }) => (index === flags?.index ? '' : each));
  const bindStart = begin !== 'anywhere' && !ownBeginning.test(text.text);
  const bindEnd = endAtWord && !ownEnd.test(text.text);
  text = grouped(text);
  if (bindStart) text = prefixed(text, begin === 'line' ? lineStartBound : wordStartBound);
  if (bindEnd) text = text.replaced(/$/g, () => wordEndBound);
  const anchored = lineStart.test(text.text) || lineEnd.test(text.text);
  text = text.replaced(startStars, () => '').replaced(endStars, () => '');
  return { expression: prefixed(text, flags?.[0] ?? ''), lineBound: bindStart && begin === 'line', anchored };
}

/** Without white space at its ends, as Python sees it. */
export function stripped(text: LocatedText): LocatedText {
  return text.replaced(outerSpace, () => '');
}

function prefixed(text: LocatedText, prefix: string): LocatedText {
  return text.replaced(/^/g, () => prefix);
}

function grouped(text: LocatedText): LocatedText {
  if (plainGroup.test(text.text)) return text;
  return text.replaced(beforeLastDollar, () => ')').replaced(opening, ([start]) => `${start}(`);
}
