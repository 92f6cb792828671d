import type { DateField, DateTemplate, DateValue } from '../../../core/date-template.ts';
import { messageOf } from '../../../core/errors.ts';
import { type PythonNode, partsOf } from '../expressions/nodes.ts';
import { expressionError } from '../expressions/python-text.ts';
import { readExpression } from '../expressions/reader.ts';
import { writeExpression } from '../expressions/writer.ts';
import type { BoundExpression } from './bounds.ts';

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
  value: ValueKind,
  weight: number,
): DateTemplate {
  const { root, names } = readExpression(expression, false);
  const wanted = value.kind === 'epoch' ? [1, value.group] : [1];
  const all = withNames(names, wanted);
  const written = writeExpression({ root, names: all });
  const numberOf = (group: number): number => {
    const name = [...all].find(([, number]) => number === group)?.[0] ?? '';
    return written.groups.get(name) ?? missing();
  };
  checked(written.source);
  return {
    source: written.source,
    flags: 'u',
    anchored,
    weight,
    cut: numberOf(1),
    cutEndsMatch: endsWith(root, 1),
    looksBack: looksBack(root),
    value:
      value.kind === 'epoch'
        ? { ...value, group: numberOf(value.group) }
        : dateValue(value, names, written.groups),
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

function checked(source: string): void {
  try {
    new RegExp(source, 'u');
  } catch (thrown) {
    throw expressionError(`the datepattern cannot be translated: ${messageOf(thrown)}`, 0);
  }
}
