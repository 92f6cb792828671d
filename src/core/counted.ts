/** What a jail counts: attempts, bans of other jails, or addresses of a range that other jails banned. */
export const countedThings = ['attempts', 'bans', 'addresses'] as const;
export type Counted = (typeof countedThings)[number];

const one = { attempts: 'attempt', bans: 'ban by another jail', addresses: 'banned address' };
const many = { attempts: 'attempts', bans: 'bans by other jails', addresses: 'banned addresses' };

/** `5 attempts`, `3 bans by other jails`, `10 banned addresses`. */
export function describeCount(count: number, counted: Counted): string {
  return `${count} ${(count === 1 ? one : many)[counted]}`;
}
