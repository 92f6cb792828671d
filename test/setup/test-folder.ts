import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';

const root = path.join(import.meta.dirname, '../..');

/** For one file, in ms. One that hangs fails, and those after it still run. */
const longestFile = 60_000;

/** Test files that need a process of their own. */
export const alone = readFileSync(path.join(root, 'test/unit/alone'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** All test files of src/, by the folder of src/ they are in; without those that need a process of their own. */
export const testFiles: Readonly<Partial<Record<string, readonly string[]>>> = Object.groupBy(
  globSync('src/**/*.test.ts', { cwd: root })
    .filter((file) => !alone.includes(file))
    .sort(),
  (file) => path.dirname(file).split('/')[1] ?? '',
);

/**
 * Runs the test files of a folder of src/ in this process, one after the other: a process for each would take longer to
 * start, and to import what they share, than most tests take.
 */
export function runTestFolder(folder: string): void {
  for (const file of testFiles[folder] ?? []) {
    describe(file, { timeout: longestFile }, async () => {
      await import(path.join(root, file));
    });
  }
}
