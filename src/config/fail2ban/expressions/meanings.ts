import type { ExpressionGroup, GroupMeaning } from '../../../core/fail2ban-filter.ts';
import { fieldOf } from './tags.ts';

const meanings: ReadonlyMap<string, GroupMeaning> = new Map(
  Object.entries({
    ip4: 'ip4',
    ip6: 'ip6',
    dns: 'dns',
    cidr: 'cidr',
    fid: 'id',
    fport: 'port',
    user: 'user',
    nofail: 'nofail',
    mlfid: 'session',
    mlfforget: 'forget',
    mlfgained: 'gained',
    content: 'content',
  } as const),
);

/** In the order in which fail2ban applies them: values, then alternatives, then parts, these by their names. */
export function meaningsOf(groups: ReadonlyMap<string, number>): readonly ExpressionGroup[] {
  const all = [...groups].map(([name, number]) => meaningOf(name, number));
  const values = all.filter((group) => group.as === 'value');
  const others = (as: ExpressionGroup['as']) =>
    all.filter((group) => group.as === as).sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...values, ...others('alternative'), ...others('part')];
}

/** Whether a match tells whom to count: fail2ban refuses an expression that does not, behind a prefix that does not. */
export function identifies(groups: readonly ExpressionGroup[]): boolean {
  return groups.some(
    ({ as, meaning }) => as === 'value' && ['id', 'ip4', 'ip6', 'dns', 'session'].includes(meaning),
  );
}

function meaningOf(name: string, number: number): ExpressionGroup {
  const complex = name.length > 4 ? /^(alt|tuple)_(.*?)(?:_\p{Nd}+)?$/u.exec(name) : null;
  const field = complex === null ? name : fieldOf(complex[2] ?? '');
  const as = complex === null ? 'value' : complex[1] === 'alt' ? 'alternative' : 'part';
  return { number, name, field, meaning: meaningOfField(field), as };
}

function meaningOfField(field: string): GroupMeaning {
  return /^skiplines\d+$/.test(field) ? 'skipped' : (meanings.get(field) ?? 'evidence');
}
