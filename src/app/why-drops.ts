import type { WhyAnswer, WhyBan } from '../control/protocol.ts';
import { messageLine } from '../core/errors.ts';
import { keepsOut, splitTarget, type Target, targetOf } from '../core/policy.ts';
import type { Backend, Taken } from '../enforce/backend.ts';

/** How long whoever asks waits for the kernel, in ms. */
const patience = 3_000;

const unknowable = {
  full: 'its packets are counted with those of all that are banned (bailiff status)',
  partial: 'what programs turn away by hosts.deny is counted by nobody',
  none: 'a dry run drops nothing',
} as const;

/**
 * The answer with what the kernel took of each ban's packets, and why that is not known where it is not. Bans of one
 * address under one policy share an element, and what it took.
 */
export async function withDrops(answer: WhyAnswer, backend: Backend): Promise<WhyAnswer> {
  const targets = new Set(answer.bans.filter(({ policy }) => keepsOut(policy)).map(targetOfBan));
  if (targets.size === 0) return answer;
  if (backend.taken === undefined) return { ...answer, dropsUnknown: unknowable[backend.strength] };
  try {
    const taken = await inTime(read(backend, [...targets]));
    const bans = answer.bans.map((ban) => ({ ...ban, dropped: taken.get(targetOfBan(ban)) ?? null }));
    const absent = bans.some((ban) => ban.dropped === null && targets.has(targetOfBan(ban)));
    return { ...answer, bans, dropsUnknown: absent ? 'it does not stand in the kernel just now' : null };
  } catch (error) {
    return { ...answer, dropsUnknown: messageLine(error) };
  }
}

function targetOfBan({ address, policy }: WhyBan): Target {
  return targetOf(address, policy);
}

async function read(backend: Backend, targets: readonly Target[]): Promise<Map<Target, Taken | null>> {
  const taken = (await backend.taken?.(targets.map(splitTarget))) ?? [];
  return new Map(targets.map((target, index) => [target, taken[index] ?? null]));
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the kernel did not tell within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
