import type { PolicyRule } from '../../core/policy.ts';

/** What is asked of the packet filter, as far as it can do it. */
export interface Simplified {
  readonly policies: readonly PolicyRule[];
  /** What is done instead of what was asked; null where nothing is. */
  readonly remark: string | null;
}

/** Not all kernels have all extensions (field notes, row 29): each level asks for less, and keeps everybody out. */
const levels: readonly {
  readonly remark: string;
  readonly simpler: (rule: PolicyRule) => PolicyRule | null;
}[] = [
  {
    remark:
      'REJECT or LOG is not to be had here, so bans that reject drop instead, and trials are not logged',
    simpler: (rule) =>
      rule.action === 'log' ? null : rule.action === 'reject' ? { ...rule, action: 'drop' } : rule,
  },
  {
    remark: 'ports cannot be told apart here, so bans shut all ports',
    simpler: (rule) => ({ ...rule, ports: null }),
  },
];

export const lowestLevel = levels.length;

/** The policies at a level: 0 asks for everything, `lowestLevel` for the least. */
export function simplified(policies: readonly PolicyRule[], level: number): Simplified {
  const remarks: string[] = [];
  let kept = policies;
  for (const { remark, simpler } of levels.slice(0, level)) {
    const next = kept.map(simpler);
    if (next.some((rule, index) => JSON.stringify(rule) !== JSON.stringify(kept[index])))
      remarks.push(remark);
    kept = next.filter((rule) => rule !== null);
  }
  return { policies: kept, remark: remarks.length === 0 ? null : remarks.join('; ') };
}
