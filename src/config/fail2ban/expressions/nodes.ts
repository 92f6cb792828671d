/** How many characters (code points) something matches, at least and at most. */
export interface Width {
  readonly minimum: number;
  /** May be infinite. */
  readonly maximum: number;
}

/** The options of Python's `re` that are in force at a place of an expression. */
export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  /** `\w`, `\d`, `\s`, `\b` and letters' cases are ASCII's alone. */
  readonly ascii: boolean;
}

/** What the letters mean behind a backslash: a lower-case one, or all characters but its. */
export type Category = 'w' | 'W' | 'd' | 'D' | 's' | 'S';

/** A part of a class: one category, or the code points of a range, both ends included. */
export type SetItem =
  | { readonly kind: 'category'; readonly category: Category }
  | { readonly kind: 'range'; readonly from: number; readonly to: number };

export type AnchorPlace =
  | 'text start'
  | 'line start'
  /** Also before a line end that ends the text: Python's `$`. */
  | 'end'
  | 'line end'
  | 'text end'
  | 'boundary'
  | 'no boundary';

/**
 * A Python expression, read. Flags are resolved: what a part means does not depend on what is around it. `at`
 * is the offset in the expression as it was written, for errors.
 */
export type PythonNode = { readonly width: Width } & PythonNodeKind;

type PythonNodeKind =
  | { readonly kind: 'literal'; readonly code: number; readonly ignoreCase: boolean; readonly ascii: boolean }
  | {
      readonly kind: 'set';
      readonly items: readonly SetItem[];
      readonly negated: boolean;
      readonly ignoreCase: boolean;
      readonly ascii: boolean;
    }
  | { readonly kind: 'any'; readonly dotAll: boolean }
  | { readonly kind: 'anchor'; readonly place: AnchorPlace; readonly ascii: boolean }
  | { readonly kind: 'capture'; readonly group: number; readonly inner: PythonNode }
  | {
      readonly kind: 'look';
      readonly behind: boolean;
      readonly negative: boolean;
      readonly inner: PythonNode;
    }
  | { readonly kind: 'atomic'; readonly inner: PythonNode }
  | {
      readonly kind: 'reference';
      readonly group: number;
      readonly ignoreCase: boolean;
    }
  | {
      readonly kind: 'conditional';
      readonly group: number;
      readonly yes: PythonNode;
      readonly no: PythonNode;
      readonly at: number;
    }
  | {
      readonly kind: 'repeat';
      readonly item: PythonNode;
      readonly minimum: number;
      /** May be infinite. */
      readonly maximum: number;
      readonly mode: RepeatMode;
      readonly at: number;
    }
  | { readonly kind: 'sequence'; readonly items: readonly PythonNode[] }
  | { readonly kind: 'alternatives'; readonly branches: readonly PythonNode[] };

export type RepeatMode = 'greedy' | 'lazy' | 'possessive';
export type NodeOf<Kind extends PythonNode['kind']> = Extract<PythonNode, { readonly kind: Kind }>;

export const nothing: Width = { minimum: 0, maximum: 0 };
export const oneCharacter: Width = { minimum: 1, maximum: 1 };

export function sequenceOf(items: readonly PythonNode[]): PythonNode {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only;
  const minimum = items.reduce((sum, { width }) => sum + width.minimum, 0);
  const maximum = items.reduce((sum, { width }) => sum + width.maximum, 0);
  return { kind: 'sequence', items, width: { minimum, maximum } };
}

export function alternativesOf(branches: readonly PythonNode[]): PythonNode {
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) return only;
  return { kind: 'alternatives', branches, width: widestOf(branches) };
}

/** Of what matches as one of these. */
export function widestOf(branches: readonly PythonNode[]): Width {
  return {
    minimum: Math.min(...branches.map(({ width }) => width.minimum)),
    maximum: Math.max(...branches.map(({ width }) => width.maximum)),
  };
}

/** The parts of a node, in the order in which they stand. */
export function partsOf(node: PythonNode): readonly PythonNode[] {
  switch (node.kind) {
    case 'capture':
    case 'look':
    case 'atomic':
      return [node.inner];
    case 'repeat':
      return [node.item];
    case 'conditional':
      return [node.yes, node.no];
    case 'sequence':
      return node.items;
    case 'alternatives':
      return node.branches;
    default:
      return [];
  }
}
