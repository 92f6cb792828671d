import { emptySession } from '../core/fail2ban-filter.ts';
import type { TrialLine, TrialMatch, TrialResult } from './filter-trial.ts';

/** What one line gave, as `bailiff filter test --json` prints it: users' scripts rely on its members. `time` in seconds. */
export interface JsonLine {
  readonly line: number;
  readonly result: TrialResult;
  readonly host: string | null;
  readonly time: number | null;
  readonly attempts: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function asJson({ number, match }: TrialLine): JsonLine {
  if (match === null)
    return { line: number, result: 'miss', host: null, time: null, attempts: 0, fields: {} };
  const { result, judgement, attempt } = match;
  if (attempt === null) {
    const host = judgement.host || null;
    return { line: number, result, host, time: match.time, attempts: 0, fields: fieldsOf(match) };
  }
  const { host, time, attempts } = attempt;
  return { line: number, result, host, time, attempts, fields: fieldsOf(match) };
}

function fieldsOf({ judgement, attempt }: TrialMatch): Record<string, unknown> {
  const { session, fields } = judgement;
  const user = attempt?.user ?? judgement.user;
  const users = attempt?.users ?? [];
  return {
    ...(user === '' ? {} : { user }),
    ...(session === '' ? {} : { session: session === emptySession ? '' : session }),
    ...(fields === '' ? {} : (JSON.parse(fields) as Record<string, unknown>)),
    ...(users.length > 1 ? { users } : {}),
  };
}
