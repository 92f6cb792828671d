/**
 * A node:test reporter that prints nothing: it appends the outcome of every test to the file named
 * by BAILIFF_TALLY, one JSON object a line, for `closing.ts` to add up over several runs of node.
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export interface Outcome {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly file?: string;
  /** Why a test did not run, where it said so. */
  readonly reason?: string;
}

export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path = process.env['BAILIFF_TALLY'];
  for await (const event of events) {
    if (path === undefined) continue;
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file, skip, todo } = event.data;
    const because = skip ?? todo;
    const left = because !== undefined && because !== false;
    // A suite is no test, but one that is skipped, or that failed of itself, stands for the tests in it.
    if (event.data.details.type === 'suite' && !left && !failedOfItself(event)) continue;
    const outcome: Outcome = {
      name,
      outcome: left ? 'skipped' : event.type === 'test:pass' ? 'passed' : 'failed',
      ...(file === undefined ? {} : { file: relative(process.cwd(), file) }),
      ...(typeof because === 'string' ? { reason: because } : {}),
    };
    appendFileSync(path, `${JSON.stringify(outcome)}\n`);
  }
  yield '';
}

/** As a test file does that cannot be imported, or that takes too long. */
function failedOfItself(event: TestEvent): boolean {
  if (event.type !== 'test:fail') return false;
  const { error } = event.data.details;
  return !('failureType' in error && error.failureType === 'subtestsFailed');
}
