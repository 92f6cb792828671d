import type { Policy } from '../../core/policy.ts';
import type { Change } from '../backend.ts';
import { kernelTimeout, requireKernelRange } from '../edge.ts';
import { inSlices } from '../slices.ts';
import { table } from './command.ts';
import type { NftSet, SetNames } from './sets.ts';

/** One element of one set, as it should stand. */
export interface ElementChange {
  readonly set: NftSet;
  /** The address without its prefix length, which is the set's. */
  readonly key: string;
  /** Seconds, 1 to 2147483; null: it should not stand. */
  readonly timeout: number | null;
  /** It does not stand, as far as is known. */
  readonly fresh: boolean;
}

/** Changes as they can go into the kernel, each element once, and why some cannot. */
export interface Prepared {
  readonly changes: readonly ElementChange[];
  /** What is no address. */
  readonly refused: unknown;
  /** A policy that something should be added under and that is not in force. */
  readonly unknown: Policy | null;
}

/** The privileged edge: every address is read again here. Of several changes of one element the last holds. */
export async function prepare(changes: readonly Change[], names: SetNames): Promise<Prepared> {
  const last = new Map<string, ElementChange>();
  let refused: unknown = null;
  let unknown: Policy | null = null;
  await inSlices(changes, (change) => {
    try {
      const element = elementOf(change, names);
      if (element !== null) last.set(`${element.set.name} ${element.key}`, element);
      else if (change.kind === 'add') unknown = change.policy;
    } catch (error) {
      refused = error;
    }
  });
  return { changes: [...last.values()], refused, unknown };
}

/** null where its policy is not in force. @throws BailiffError address-invalid */
function elementOf(change: Change, names: SetNames): ElementChange | null {
  const { family, host: key, bits } = requireKernelRange(change.address);
  const set = names.of(change.policy, family, bits);
  if (set === null) return null;
  if (change.kind === 'delete') return { set, key, timeout: null, fresh: false };
  return { set, key, timeout: kernelTimeout(change.remaining), fresh: change.fresh === true };
}

/**
 * All of them as commands that make one transaction, given together: each element is added, deleted, and
 * added again with its time. So it does not matter whether it stood, and one that did gets its new time; a
 * plain second add keeps the old one (before Linux 6.12). A fresh one needs the last of the three only.
 */
export function commandsFor(changes: readonly ElementChange[]): string[] {
  const bySet = new Map<string, ElementChange[]>();
  for (const change of changes) {
    const group = bySet.get(change.set.name);
    if (group === undefined) bySet.set(change.set.name, [change]);
    else group.push(change);
  }
  return [...bySet].flatMap(([name, group]) => commandsOf(name, group));
}

/** Elements in one command, which must fit into one argument: 128 KiB, with addresses of 39 characters. */
export const commandSize = 2_000;

function commandsOf(set: string, group: readonly ElementChange[]): string[] {
  if (group.length > commandSize) {
    const rest = commandsOf(set, group.slice(commandSize));
    return [...commandsOf(set, group.slice(0, commandSize)), ...rest];
  }
  const stale = group.flatMap(({ key, fresh }) => (fresh ? [] : [key]));
  const standing = group.flatMap(({ key, timeout }) =>
    timeout === null ? [] : [`${key} timeout ${timeout}s`],
  );
  const keys = `${table} ${set} { ${stale.join(', ')} }`;
  const clear = stale.length === 0 ? [] : [`add element ${keys}`, `delete element ${keys}`];
  return standing.length === 0 ? clear : [...clear, `add element ${table} ${set} { ${standing.join(', ')} }`];
}
