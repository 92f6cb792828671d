import type { DateField, DateTemplate, DateValue } from '../../../core/date-template.ts';
import { messageOf } from '../../../core/errors.ts';
import { type NodeOf, type PythonNode, partsOf } from '../expressions/nodes.ts';
import { expressionError } from '../expressions/python-text.ts';
import { readExpression } from '../expressions/reader.ts';
import { writeExpression } from '../expressions/writer.ts';
import type { BoundExpression } from './bounds.ts';
import { sightOf } from './sight.ts';

const fields: ReadonlySet<string> = new Set<DateField>([
  ...(['y', 'Y', 'm', 'b', 'B', 'd', 'H', 'I', 'p', 'M', 'S'] as const),
  ...(['a', 'A', 'w', 'j', 'U', 'W', 'z', 'Z'] as const),
]);

/** Which group holds the value, besides the one that is cut out, which is the first. */
export type ValueKind =
  | { readonly kind: 'calendar' }
  | { readonly kind: 'epoch'; readonly long: boolean; readonly group: 1 | 2 }
  | { readonly kind: 'tai64n' };

/** @throws BailiffError filter-invalid, with the place: Python refuses the expression, or JavaScript cannot express it */
export function compileTemplate(
  { expression, anchored }: BoundExpression,
  of: ValueKind,
  weight: number,
): Omit<DateTemplate, 'name'> {
  const { root, names } = readExpression(expression, false);
  const wanted = of.kind === 'epoch' ? [1, of.group] : [1];
  const all = withNames(names, wanted);
  const written = writeExpression({ root, names: all });
  const numberOf = (group: number): number => {
    const name = [...all].find(([, number]) => number === group)?.[0] ?? '';
    return written.groups.get(name) ?? missing();
  };
  const source = withoutNames(written.source);
  checked(source);
  return {
    source,
    flags: 'u',
    anchored,
    weight,
    cut: numberOf(1),
    cutEndsMatch: endsWith(root, 1),
    cutHoldsValue: holdsCaptures(root, of.kind === 'epoch' ? [of.group] : [...names.values()]),
    looksBack: looksBack(root),
    sight: anchored ? sightOf(root) : null,
    value: of.kind === 'epoch' ? { ...of, group: numberOf(of.group) } : dateValue(of, names, written.groups),
  };
}

function dateValue(
  value: Exclude<ValueKind, { kind: 'epoch' }>,
  names: ReadonlyMap<string, number>,
  written: ReadonlyMap<string, number>,
): DateValue {
  if (value.kind === 'tai64n') return value;
  const groups = [...names]
    .toSorted(([, one], [, other]) => one - other)
    .filter((entry): entry is [DateField, number] => fields.has(entry[0]))
    .map(([name]): [DateField, number] => [name, written.get(name) ?? missing()]);
  return { kind: 'calendar', groups };
}

/** With names for groups that have none, since only named ones are kept. */
function withNames(names: ReadonlyMap<string, number>, groups: readonly number[]): Map<string, number> {
  const all = new Map(names);
  const unnamed = new Set(groups).difference(new Set(names.values()));
  for (const group of unnamed) all.set(unusedName(`group${group}`, all), group);
  return all;
}

function unusedName(name: string, taken: ReadonlyMap<string, number>): string {
  return taken.has(name) ? unusedName(`${name}_`, taken) : name;
}

function missing(): never {
  throw expressionError('the datepattern has no group that could be the date', 0);
}

/** Whether the group, wherever it takes part, ends where the whole does. */
function endsWith(root: PythonNode, group: number): boolean {
  if (root.kind !== 'sequence') return isGroup(root, group);
  const at = root.items.findIndex((item) => isGroup(item, group));
  return at >= 0 && root.items.slice(at + 1).every(({ width }) => width.maximum === 0);
}

function isGroup(node: PythonNode, group: number): boolean {
  return node.kind === 'capture' && node.group === group;
}

function looksBack(node: PythonNode): boolean {
  return (node.kind === 'look' && node.behind) || partsOf(node).some(looksBack);
}

/** Whether all these groups are the first, or stand in it. */
function holdsCaptures(root: PythonNode, groups: readonly number[]): boolean {
  const first = [...capturesIn(root)].find(({ group }) => group === 1);
  if (first === undefined) return false;
  const inside = new Set([...capturesIn(first)].map(({ group }) => group));
  return groups.every((group) => inside.has(group));
}

function* capturesIn(node: PythonNode): Generator<NodeOf<'capture'>> {
  if (node.kind === 'capture') yield node;
  for (const part of partsOf(node)) yield* capturesIn(part);
}

/** The groups' numbers suffice, and a match with names takes longer. Escapes and classes are passed over. */
function withoutNames(source: string): string {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])[^>]+>/gsu, (part) =>
    part.startsWith('(?<') ? '(' : part,
  );
}

function checked(source: string): void {
  try {
    new RegExp(source, 'u');
  } catch (thrown) {
    throw expressionError(`the datepattern cannot be translated: ${messageOf(thrown)}`, 0);
  }
}
