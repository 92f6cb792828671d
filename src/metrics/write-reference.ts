import { readFile, writeFile } from 'node:fs/promises';
import { generatedMark, metricsReference } from './reference.ts';

// Run by scripts/docs. Replaces what is generated and keeps what people wrote above the mark.
const page = new URL('../../docs/metrics.md', import.meta.url);
const [written = ''] = (await readFile(page, 'utf8')).split(generatedMark);
await writeFile(page, written + metricsReference());
