import { writeFile } from 'node:fs/promises';
import { openApiText } from './control/openapi.ts';
import { version } from './version.ts';

// Run by scripts/docs.
await writeFile(new URL('../docs/openapi.json', import.meta.url), openApiText(version()));
