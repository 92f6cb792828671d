import type { NodeOf, PythonNode } from './nodes.ts';

/**
 * `(?:x*)*` as `x*`, and so on: both find the same ends in the same order, but with one way to each instead of
 * exponentially many. Only for single characters, repeated greedily and without limit.
 */
export function flattened(node: NodeOf<'repeat'>): NodeOf<'repeat'> {
  const inner = alone(node.item);
  if (!isUnlimited(node) || inner.kind !== 'repeat' || !isUnlimited(inner)) return node;
  const { item } = inner;
  if (item.kind !== 'literal' && item.kind !== 'set' && item.kind !== 'any') return node;
  return { ...node, item, minimum: node.minimum * inner.minimum };
}

function isUnlimited({ mode, minimum, maximum }: NodeOf<'repeat'>): boolean {
  return mode === 'greedy' && minimum <= 1 && maximum === Number.POSITIVE_INFINITY;
}

function alone(node: PythonNode): PythonNode {
  const [only] = node.kind === 'sequence' ? node.items : [];
  return node.kind === 'sequence' && node.items.length === 1 && only !== undefined ? alone(only) : node;
}

/** The quantifier for so many turns; the largest number may be infinite. */
export function countsText(minimum: number, maximum: number): string {
  if (maximum === Number.POSITIVE_INFINITY)
    return minimum === 0 ? '*' : minimum === 1 ? '+' : `{${minimum},}`;
  if (minimum === 0 && maximum === 1) return '?';
  return minimum === maximum ? `{${minimum}}` : `{${minimum},${maximum}}`;
}
