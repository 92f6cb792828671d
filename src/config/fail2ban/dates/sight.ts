import { BailiffError } from '../../../core/errors.ts';
import { alternativesOf, nothing, type PythonNode, sequenceOf } from '../expressions/nodes.ts';
import { writeExpression } from '../expressions/writer.ts';

const none: ReadonlyMap<string, number> = new Map();

/**
 * An expression that matches where one of the expression's ways through a text leads to the text's end, so that what it
 * finds may depend on what stands behind. Where it does not match a line's first characters, the expression finds the
 * same in all lines that begin so. Null where that cannot be said, as of what may begin anywhere.
 */
export function sightOf(root: PythonNode): string | null {
  const reaching = beginsAtStart(root) ? endReached(root) : null;
  if (reaching === null) return null;
  try {
    const { source } = writeExpression({ root: reaching, names: none });
    new RegExp(source, 'u');
    return source;
  } catch (thrown) {
    // What can be written once may be too much to be written twice.
    if (thrown instanceof BailiffError || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function beginsAtStart(node: PythonNode): boolean {
  switch (node.kind) {
    case 'anchor':
      return node.place === 'text start';
    case 'capture':
    case 'atomic':
      return beginsAtStart(node.inner);
    case 'sequence':
      return node.items[0] !== undefined && beginsAtStart(node.items[0]);
    case 'alternatives':
      return node.branches.every(beginsAtStart);
    default:
      return false;
  }
}

const end: PythonNode = { kind: 'anchor', place: 'text end', ascii: false, width: nothing };

/** What matches where a node looks at the end of the text; null where it looks at nothing that comes. */
function endReached(node: PythonNode): PythonNode | null {
  switch (node.kind) {
    case 'literal':
    case 'set':
    case 'any':
      return end;
    case 'anchor':
      return node.place === 'text start' || node.place === 'line start' ? null : end;
    case 'capture':
    case 'atomic':
      return endReached(node.inner);
    case 'look':
      return node.behind ? null : endReached(node.inner);
    case 'reference':
      // Of a longer one it is not known how much of it is there: as if all of it were.
      return node.width.maximum <= 1 ? end : sequenceOf([]);
    case 'conditional':
      return anyOf([endReached(node.yes), endReached(node.no)]);
    case 'alternatives':
      return anyOf(node.branches.map(endReached));
    case 'repeat':
      return endOfRepeat(node);
    case 'sequence':
      return endOfSequence(node.items);
  }
}

function endOfRepeat(node: Extract<PythonNode, { kind: 'repeat' }>): PythonNode | null {
  const reached = endReached(node.item);
  if (reached === null || node.maximum === 0) return null;
  const before: PythonNode = { ...node, minimum: 0, maximum: node.maximum - 1, mode: 'greedy' };
  return sequenceOf(node.maximum === 1 ? [reached] : [before, reached]);
}

/** In the first part, or behind it in the others. */
function endOfSequence([first, ...others]: readonly PythonNode[]): PythonNode | null {
  if (first === undefined) return null;
  const later = endOfSequence(others);
  return anyOf([endReached(first), later === null ? null : sequenceOf([first, later])]);
}

function anyOf(ways: readonly (PythonNode | null)[]): PythonNode | null {
  const real = ways.filter((way) => way !== null);
  return real.length === 0 ? null : alternativesOf(real);
}
