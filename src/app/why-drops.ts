import type { WhyAnswer, WhyBan } from '../control/protocol.ts';
import { messageLine } from '../core/errors.ts';
import { keepsOut, splitTarget, type Target, targetOf } from '../core/policy.ts';
import type { Backend, Taken, Untold } from '../enforce/backend.ts';
import { within } from './within.ts';

/** How long whoever asks waits for the kernel, in ms. */
const patience = 3_000;

const unknowable = {
  full: 'its packets are counted with those of all that are banned (bailiff status)',
  partial: 'what programs turn away by hosts.deny is counted by nobody',
  none: 'a dry run drops nothing',
} as const;

/**
 * The answer with what the kernel took of each ban's packets, and why that is not known where it is not. Bans of one
 * address under one policy share an element, and what it took since the first of them.
 */
export async function withDrops(answer: WhyAnswer, backend: Backend): Promise<WhyAnswer> {
  const targets = new Map<Target, number>();
  for (const ban of answer.bans.filter(({ policy }) => keepsOut(policy))) {
    const target = targetOfBan(ban);
    targets.set(target, Math.min(ban.since, targets.get(target) ?? ban.since));
  }
  if (targets.size === 0) return answer;
  if (backend.taken === undefined) return { ...answer, dropsUnknown: unknowable[backend.strength] };
  try {
    const taken = await within(
      read(backend, targets),
      patience,
      `the kernel did not tell within ${patience} ms`,
    );
    const bans = answer.bans.map((ban) => ({ ...ban, dropped: known(taken.get(targetOfBan(ban))) }));
    const [reason = null] = [...taken.values()].flatMap(reasonOf);
    return { ...answer, bans, dropsUnknown: reason };
  } catch (error) {
    return { ...answer, dropsUnknown: messageLine(error) };
  }
}

function targetOfBan({ address, policy }: WhyBan): Target {
  return targetOf(address, policy);
}

type Answer = Taken | Untold | null;

async function read(backend: Backend, targets: ReadonlyMap<Target, number>): Promise<Map<Target, Answer>> {
  const asked = [...targets].map(([target, since]) => ({ ...splitTarget(target), since }));
  const taken = (await backend.taken?.(asked)) ?? [];
  return new Map([...targets.keys()].map((target, index) => [target, taken[index] ?? null]));
}

function known(answer: Answer | undefined): Taken | null {
  return answer === undefined || answer === null || 'untold' in answer ? null : answer;
}

function reasonOf(answer: Answer): string[] {
  if (answer === null) return ['it does not stand in the kernel just now'];
  return 'untold' in answer ? [answer.untold] : [];
}
