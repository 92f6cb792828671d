import { daemon } from './daemon.ts';
import { printJson, printLine } from './output.ts';

/** `notify test NAME`: the daemon sends a test message and says what became of it. Returns the exit code. */
export async function notifyTestCommand(name: string, { json }: { json?: true }): Promise<0 | 1> {
  const answer = await daemon().notifyTest({ name });
  if (json) printJson(answer);
  else printLine(`${answer.delivered ? 'Delivered' : 'NOT DELIVERED'}: ${answer.detail}`);
  return answer.delivered ? 0 : 1;
}
