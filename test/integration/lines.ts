import { createInterface } from 'node:readline';
import { messageOf } from '../../src/core/errors.ts';

type Verbs = Readonly<Record<string, (...args: never[]) => unknown>>;

/**
 * Serves verbs to a test at the other end of a pipe: each line of JSON on stdin is [verb, ...arguments], and
 * is answered with one line, {"value": …} or {"error": …}, in the order of the questions.
 */
export async function serveLines(verbs: Verbs): Promise<never> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, ...args] = JSON.parse(line) as [string, ...never[]];
    let answer: object;
    try {
      answer = { value: (await verbs[verb]?.(...args)) ?? null };
    } catch (error) {
      answer = { error: messageOf(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
