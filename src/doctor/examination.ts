import { messageLine } from '../core/errors.ts';
import type { Check, Diagnosis, Level } from './check.ts';
import type { Machine } from './machine.ts';

/** What came of one check. */
export interface Report {
  readonly name: string;
  readonly title: string;
  /** The worst first; none where it was not made. */
  readonly findings: readonly Diagnosis[];
  /** Why it was not made; null: it was. */
  readonly notMade: string | null;
}

/** A check that takes longer than this (ms) asks something that hangs. */
const longestCheckMs = 20_000;

const ranks: Readonly<Record<Level, number>> = { problem: 0, warning: 1, ok: 2 };

/** All checks, side by side. Never rejects: what goes wrong in one is what it reports. */
export function examine(
  machine: Machine,
  checks: readonly Check[],
  patienceMs = longestCheckMs,
): Promise<Report[]> {
  return Promise.all(checks.map((check) => report(machine, check, patienceMs)));
}

async function report(machine: Machine, check: Check, patienceMs: number): Promise<Report> {
  const { name, title } = check;
  const late = Promise.withResolvers<{ readonly notMade: string }>();
  const timer = setTimeout(
    () => late.resolve({ notMade: `no answer within ${patienceMs / 1_000} s` }),
    patienceMs,
  );
  try {
    const found = await Promise.race([check.examine(machine), late.promise]);
    if ('notMade' in found) return { name, title, findings: [], notMade: found.notMade };
    return {
      name,
      title,
      findings: [...found].sort((a, b) => ranks[a.level] - ranks[b.level]),
      notMade: null,
    };
  } catch (error) {
    return { name, title, findings: [], notMade: messageLine(error) };
  } finally {
    clearTimeout(timer);
  }
}
