/**
 * Runs the hosts-deny backend on the file that is its argument, with steps in JSON on standard input such
 * as `[["apply",[…]],["run","mv","a","b"],["install"]]`. Prints what they answered, as one JSON array. It takes
 * itself to be in a container, with what is really mounted.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { messageOf } from '../../src/core/errors.ts';
import { systemClock } from '../../src/core/types.ts';
import type { Change } from '../../src/enforce/backend.ts';
import { surroundings } from '../../src/enforce/hosts-deny/mount.ts';
import { HostsDenyBackend } from '../../src/enforce/hosts-deny.ts';

const path = process.argv[2] ?? '';
const backend = new HostsDenyBackend({
  clock: systemClock,
  path,
  surroundings: { ...surroundings, containerMarks: ['/'] },
});

async function take(verb: string, ...args: readonly unknown[]): Promise<unknown> {
  if (verb === 'probe') return backend.probe();
  if (verb === 'install') return backend.install();
  if (verb === 'list') return backend.list();
  if (verb === 'apply') return backend.apply(args[0] as readonly Change[]);
  if (verb === 'uninstall') return backend.uninstall();
  if (verb === 'text') return readFile(path, 'latin1');
  const [file = '', ...rest] = args as string[];
  return (await execa(file, rest, { stdin: 'ignore' })).stdout;
}

const answers: unknown[] = [];
for (const [verb, ...args] of JSON.parse(await text(process.stdin)) as [string, ...unknown[]][]) {
  answers.push(await take(verb, ...args).catch((error: unknown) => ({ error: messageOf(error) })));
}
process.stdout.write(JSON.stringify(answers));
