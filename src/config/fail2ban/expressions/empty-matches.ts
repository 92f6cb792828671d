import { alternativesOf, type NodeOf, type PythonNode, partsOf, widestOf } from './nodes.ts';

/**
 * Whether a node matches nothing only after every other way was tried, if it can at all. Python ends a repetition at
 * a turn that matched nothing, and JavaScript takes no such turn and tries the item's next way: this is the
 * same where there is no next way.
 */
export function emptyComesLast(node: PythonNode): boolean {
  if (node.width.minimum > 0 || node.width.maximum === 0) return true;
  switch (node.kind) {
    case 'capture':
      return emptyComesLast(node.inner);
    case 'repeat':
      if (node.mode === 'possessive') return true;
      return node.mode === 'greedy' ? emptyComesLast(node.item) : false;
    case 'conditional':
      return emptyComesLast(node.yes) && emptyComesLast(node.no);
    case 'sequence':
      return node.items.every(emptyComesLast);
    case 'alternatives': {
      const last = node.branches.length - 1;
      return node.branches.every((branch, at) =>
        at === last ? emptyComesLast(branch) : branch.width.minimum > 0,
      );
    }
    // They match in one way.
    default:
      return true;
  }
}

/** The ways in which a node matches something, before and after it was tried to match nothing. */
export interface WaysAroundEmpty {
  readonly before: PythonNode | null;
  readonly after: PythonNode | null;
}

/** Null where they cannot be told apart. What matches nothing once more among those after it does no harm. */
export function waysAroundEmpty(node: PythonNode): WaysAroundEmpty | null {
  if (emptyComesLast(node)) return { before: node, after: null };
  switch (node.kind) {
    case 'capture':
      return waysAroundEmpty(node.inner);
    case 'sequence': {
      const [only] = node.items;
      return node.items.length === 1 && only !== undefined ? waysAroundEmpty(only) : null;
    }
    case 'alternatives':
      return branchesAroundEmpty(node);
    case 'repeat':
      if (node.mode !== 'lazy' || node.minimum > 0) return null;
      return { before: null, after: { ...node, minimum: 1 } };
    default:
      return null;
  }
}

function branchesAroundEmpty({ branches }: NodeOf<'alternatives'>): WaysAroundEmpty | null {
  const at = branches.findIndex(({ width }) => width.minimum === 0);
  const branch = branches[at];
  // Where it depends on what is around whether a branch matches nothing, so does the order of the ways.
  const ways = branch === undefined || hasCondition(branch) ? null : waysAroundEmpty(branch);
  if (ways === null) return null;
  return {
    before: oneOf([...branches.slice(0, at), ways.before]),
    after: oneOf([ways.after, ...branches.slice(at + 1)]),
  };
}

function oneOf(branches: readonly (PythonNode | null)[]): PythonNode | null {
  const present = branches.filter((branch) => branch !== null);
  if (present.length === 0) return null;
  return { kind: 'sequence', items: [alternativesOf(present)], width: widestOf(present) };
}

function hasCondition(node: PythonNode): boolean {
  return (
    ['anchor', 'look', 'reference', 'conditional'].includes(node.kind) || partsOf(node).some(hasCondition)
  );
}
