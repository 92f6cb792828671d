/** Run by scripts/docs: writes what of charts/bailiff is made from other files of this repository. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chart, chartFiles } from './chart-files.ts';

rmSync(path.join(chart, 'files'), { recursive: true, force: true });
for (const [name, content] of chartFiles()) {
  const file = path.join(chart, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
