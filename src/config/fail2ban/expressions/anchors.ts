import type { NodeOf, PythonNode } from './nodes.ts';
import { categoryText } from './sets.ts';

const word = categoryText('w', false);
const wordBefore = `(?<=${word})`;
const wordAfter = `(?=${word})`;
const noWordBefore = `(?<!${word})`;
const noWordAfter = `(?!${word})`;
/** Python 3.11 finds neither kind of boundary in an empty text. */
const notEmpty = '(?!^$)';

/** An anchor as JavaScript has it without the flag "m", between its neighbours in the expression. */
export function anchorText(
  { place, ascii }: NodeOf<'anchor'>,
  before?: PythonNode | undefined,
  after?: PythonNode | undefined,
): string {
  switch (place) {
    case 'text start':
      return '^';
    case 'line start':
      return '(?<![^\\n])';
    case 'end':
      return '(?=\\n?$)';
    case 'line end':
      return '(?![^\\n])';
    case 'text end':
      return '$';
    case 'boundary':
      return ascii ? '\\b' : boundaryText(before, after);
    case 'no boundary':
      return noBoundaryText(ascii);
  }
}

/**
 * `\b` by Unicode, which JavaScript lacks. Where a neighbour in the expression is surely a word's character, only the
 * other side is looked at, which is cheaper.
 */
function boundaryText(before: PythonNode | undefined, after: PythonNode | undefined): string {
  if (isWordAt(after, 'start')) return noWordBefore;
  if (isWordAt(before, 'end')) return noWordAfter;
  return `(?:${wordBefore}${noWordAfter}|${noWordBefore}${wordAfter})`;
}

function noBoundaryText(ascii: boolean): string {
  if (ascii) return `${notEmpty}\\B`;
  return `(?:${wordBefore}${wordAfter}|${notEmpty}${noWordBefore}${noWordAfter})`;
}

/** Whether whatever a node matches is at least one character, and begins or ends with a word's. */
function isWordAt(node: PythonNode | undefined, side: 'start' | 'end'): boolean {
  switch (node?.kind) {
    case 'literal':
      return isWordCharacter(node.code);
    case 'set':
      return (
        !node.negated &&
        node.items.every((item) =>
          item.kind === 'category'
            ? item.category === 'w' || item.category === 'd'
            : item.from === item.to && isWordCharacter(item.from),
        )
      );
    case 'capture':
    case 'atomic':
      return isWordAt(node.inner, side);
    case 'repeat':
      return node.minimum > 0 && isWordAt(node.item, side);
    case 'sequence':
      return isWordAt(node.items.at(side === 'start' ? 0 : -1), side);
    case 'alternatives':
      return node.branches.every((branch) => isWordAt(branch, side));
    default:
      return false;
  }
}

function isWordCharacter(code: number): boolean {
  return /[\p{L}\p{N}_]/u.test(String.fromCodePoint(code));
}
