import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const program = `
  import { releaseMemory } from '${import.meta.resolve('./release-memory.ts')}';
  let kept = Array.from({ length: 500_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage.rss();
  kept = null;
  releaseMemory();
  console.log((before - process.memoryUsage.rss()) / 1048576);
`;

async function released(...flags: string[]): Promise<number> {
  const args = [...flags, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

test('what was collected goes back to the system', async () => {
  const mebibytes = await released('--expose-gc');
  assert.ok(mebibytes > 8, `${mebibytes} MiB`);
});

test('without the collector at hand nothing happens', async () => {
  assert.ok(Number.isFinite(await released()));
});
